import { hash } from 'node:crypto'
import {
  authorityKeyIdentifier,
  ca,
  certificatePolicies,
  crlDistributionPoints,
  distinguishedName,
  ECDSA_SHA256,
  extendedKeyUsage,
  extensions,
  keyIdentifier,
  keyUsage,
  type NameAttributes,
  SERVER_AUTH,
  subjectKeyIdentifier,
  utcTimeText,
  VERSION_3,
  validity,
} from './certificate-parts.js'
import { bitString, sequence, unsignedInteger } from './der-writer.js'
import { SeededKey } from './seeded.js'

/** Style of an issuer's certificates, after two real families of CAs. */
export type IssuerFamily = 'automated' | 'commercial'

/** A CA that issues end-entity certificates, with the data that it puts into them. */
export interface TestIssuer {
  readonly family: IssuerFamily
  /** Encoded `Name`. */
  readonly name: Buffer
  readonly key: SeededKey
  /** Subject key identifier, 20 bytes. */
  readonly keyId: Buffer
  /** SHA-256 of the SubjectPublicKeyInfo: `issuer_key_hash` of RFC 6962 section 3.2. */
  readonly keyHash: Uint8Array
  /** DER of its own certificate, then of the root's. */
  readonly chain: readonly Uint8Array[]
  /** Host label in its URLs. */
  readonly label: string
}

const HIERARCHY: readonly {
  family: IssuerFamily
  root: NameAttributes
  issuers: readonly { label: string; name: NameAttributes }[]
}[] = [
  {
    family: 'automated',
    root: [
      ['C', 'US'],
      ['O', 'Automated Test Certificates'],
      ['CN', 'ATC Root X2'],
    ],
    issuers: ['e7', 'e8', 'r12'].map((label) => ({
      label,
      name: [
        ['C', 'US'],
        ['O', "Let's Test"],
        ['CN', label.toUpperCase()],
      ],
    })),
  },
  {
    family: 'commercial',
    root: [
      ['C', 'US'],
      ['O', 'TestCert Inc'],
      ['OU', 'www.testcert.example'],
      ['CN', 'TestCert Global Root G3'],
    ],
    issuers: [
      {
        label: 'TestCertGlobalG3TLSECCSHA2562026CA1',
        name: [
          ['C', 'US'],
          ['O', 'TestCert Inc'],
          ['CN', 'TestCert Global G3 TLS ECC SHA256 2026 CA1'],
        ],
      },
      {
        label: 'TestCertEVECCSHA2562026CA1',
        name: [
          ['C', 'US'],
          ['O', 'TestCert Inc'],
          ['OU', 'www.testcert.example'],
          ['CN', 'TestCert EV ECC SHA256 2026 CA1'],
        ],
      },
    ],
  },
]

const TEN_YEARS = 3652 * 86_400_000

/** Two roots and five issuing CAs that depend on nothing but `seed`: certificates and fingerprints are the same in every run. */
export function createIssuers(seed: string, from: number): readonly TestIssuer[] {
  return HIERARCHY.flatMap(({ family, root, issuers }) => {
    const rootKey = new SeededKey(`${seed}/ca/${family}/root`)
    const rootName = distinguishedName(root)
    const rootId = keyIdentifier(rootKey.point)
    const rootDer = signed(rootKey, rootName, rootName, rootKey, `${seed}/ca/${family}/root`, from, [
      keyUsage(5, 6),
      ca(),
      subjectKeyIdentifier(rootId),
    ])
    return issuers.map(({ label, name }): TestIssuer => {
      const key = new SeededKey(`${seed}/ca/${family}/${label}`)
      const subject = distinguishedName(name)
      const keyId = keyIdentifier(key.point)
      const der = signed(rootKey, rootName, subject, key, `${seed}/ca/${family}/${label}`, from, [
        keyUsage(0, 5, 6),
        extendedKeyUsage(SERVER_AUTH),
        ca(0),
        subjectKeyIdentifier(keyId),
        authorityKeyIdentifier(rootId),
        crlDistributionPoints(`http://crl.${family}.example/root.crl`),
        certificatePolicies([{ id: '2.23.140.1.2.1' }, { id: '2.23.140.1.2.2' }, { id: '2.23.140.1.1' }]),
      ])
      return {
        family,
        name: subject,
        key,
        keyId,
        keyHash: sha256(key.spki),
        chain: Object.freeze([der, rootDer]),
        label,
      }
    })
  })
}

function signed(
  issuerKey: SeededKey,
  issuer: Buffer,
  subject: Buffer,
  key: SeededKey,
  serialSeed: string,
  from: number,
  extensionList: readonly Buffer[],
): Uint8Array {
  const serial = Buffer.from(sha256(Buffer.from(serialSeed)).subarray(0, 16))
  serial[0] = 0x40 + ((serial[0] as number) % 0x40)
  const tbs = sequence(
    VERSION_3,
    unsignedInteger(serial),
    ECDSA_SHA256,
    issuer,
    validity(utcTimeText(from - TEN_YEARS / 2), utcTimeText(from + TEN_YEARS)),
    subject,
    key.spki,
    extensions(extensionList),
  )
  return Uint8Array.from(sequence(tbs, ECDSA_SHA256, bitString(issuerKey.signDeterministic(tbs))))
}

const sha256 = (data: Uint8Array): Uint8Array => Uint8Array.from(hash('sha256', data, 'buffer'))
