import { equalBytes, toHex } from '../util/bytes.js'
import type { Outline } from '../x509/outline.js'
import type { ProblemList } from '../x509/problem-list.js'
import type { EntryContext } from './entry-context.js'
import { knownIssuer } from './known-issuers.js'

/**
 * The issuers with these SHA-256 fingerprints, in order. Requests all of them at once, since a chain is short and issuers are cached.
 * Rejects, and notes a problem, when one is not available.
 */
export async function fetchChain(
  fingerprints: readonly Uint8Array[],
  context: EntryContext,
  problems: ProblemList,
): Promise<readonly Uint8Array[]> {
  const unavailable = (fingerprint: Uint8Array) => (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    problems.add('chain', 'chain-unavailable', `issuer ${toHex(fingerprint)}: ${reason}`)
    throw error
  }
  return Promise.all(fingerprints.map((fingerprint) => context.issuer(fingerprint).catch(unavailable(fingerprint))))
}

/**
 * SHA-256 of the key of the CA that issues the final certificate: the first issuer of the chain, or the second when the first is a
 * Precertificate Signing Certificate (RFC 6962 section 3.2).
 *
 * @param expected - The hash in the leaf; a different one in the chain is a problem.
 * @returns 32 bytes; `undefined` when the chain is empty or cannot be read.
 */
export function finalIssuer(
  chain: readonly Uint8Array[],
  expected: Uint8Array | undefined,
  problems: ProblemList,
): Uint8Array | undefined {
  const nearest = keyOf(chain[0])
  const isMeant = nearest === undefined || !nearest.signsPrecertificates || sameHash(nearest.hash, expected)
  const hash = (isMeant ? nearest : keyOf(chain[1]))?.hash
  if (expected !== undefined && chain.length > 0 && !sameHash(hash, expected)) {
    const found = hash === undefined ? 'no key that could be read' : toHex(hash)
    problems.add('chain', 'issuer-key-hash-mismatch', `the leaf names ${toHex(expected)}, the chain has ${found}`)
  }
  return hash
}

/**
 * SHA-256 of the key of the CA that a final certificate names as its issuer, octet by octet, wherever that is in the chain.
 *
 * @returns 32 bytes; `undefined` when the chain has none of that name.
 */
export function namedIssuer(leaf: Outline, chain: readonly Uint8Array[]): Uint8Array | undefined {
  const wanted = issuerName(leaf)
  for (const der of chain) {
    const { outline, key } = knownIssuer(der)
    if (outline === undefined || key === undefined || key.signsPrecertificates) continue
    if (equalBytes(subjectName(outline), wanted)) return key.hash
  }
  return undefined
}

/**
 * Checks that each certificate of a chain is the one that the certificate before it names as its issuer. The Merkle tree does not cover
 * extra data; this detects extra data of another entry.
 *
 * @param leaf - Of a final certificate. Of a precertificate the leaf names the issuer by its key: see {@link finalIssuer}.
 */
export function checkLinks(leaf: Outline | undefined, chain: readonly Uint8Array[], problems: ProblemList): void {
  let before = leaf
  for (const [i, der] of chain.entries()) {
    const outline = knownIssuer(der).outline
    if (outline === undefined) problems.add('chain', 'chain-mismatch', `issuer ${i} of the chain cannot be read`)
    else if (before !== undefined && !equalBytes(issuerName(before), subjectName(outline)))
      problems.add(
        'chain',
        'chain-mismatch',
        `issuer ${i} of the chain is not the one that the certificate before it names`,
      )
    before = outline
  }
}

const keyOf = (der: Uint8Array | undefined) => (der === undefined ? undefined : knownIssuer(der).key)
const issuerName = ({ bytes, issuerStart, validityStart }: Outline) => bytes.subarray(issuerStart, validityStart)
const subjectName = ({ bytes, subjectStart, spkiStart }: Outline) => bytes.subarray(subjectStart, spkiStart)

function sameHash(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && equalBytes(a, b)
}
