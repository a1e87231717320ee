import { isIP } from 'node:net'
import { inspect } from 'node:util'
import { decodeEntry } from '../../../src/decode/decode-entry.js'
import type { EntryContext } from '../../../src/decode/entry-context.js'
import { CtStreamError } from '../../../src/errors.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { CertificateJson } from '../../../src/types/certificate-json.js'
import { sha256Hex, sha256Of } from '../../../src/util/hash.js'
import { dnsNamesOfLeaf } from '../../support/leaf-names.js'
import { decodeEntryInput, encodeEntryInput, mutateEntry, rawEntry } from '../entry-input.js'
import { entrySeeds, generatedEntries } from '../material.js'
import { allowing, checkError, checkPrintable, promise, type Target, Violation } from '../target.js'
import { checkValue, difference, type Tally } from '../values.js'

type Method = 'chain' | 'verifyScts' | 'x509' | 'toString' | 'toJSON' | 'toCertStream'

// Every property of CtCertificate; a new one does not compile until it is here.
const propertyNames: Readonly<Record<Exclude<keyof CtCertificate, Method>, true>> = {
  kind: true,
  log: true,
  index: true,
  timestamp: true,
  leafHash: true,
  historical: true,
  verified: true,
  cursor: true,
  leafInput: true,
  der: true,
  pem: true,
  tbs: true,
  issuerKeyHash: true,
  sha256: true,
  sha1: true,
  issuanceId: true,
  serialNumber: true,
  subject: true,
  issuer: true,
  notBefore: true,
  notAfter: true,
  dnsNames: true,
  ipAddresses: true,
  emailAddresses: true,
  uris: true,
  altNames: true,
  publicKey: true,
  signatureAlgorithm: true,
  keyUsage: true,
  extendedKeyUsage: true,
  basicConstraints: true,
  subjectKeyId: true,
  authorityKeyId: true,
  ocspUrls: true,
  caIssuerUrls: true,
  crlUrls: true,
  policies: true,
  validation: true,
  scts: true,
  extensions: true,
  isCa: true,
  isSelfIssued: true,
  problems: true,
}
const properties = Object.keys(propertyNames) as (keyof typeof propertyNames)[]

/** Output may be this many times as long as the entry, and this much in any case. */
const MAX_GROWTH = 100
const FREE_OUTPUT = 64 * 1024

const contexts = [contextOf('rfc6962'), contextOf('static-ct')] as const

function contextOf(kind: 'rfc6962' | 'static-ct'): EntryContext {
  const log = { id: `${'A'.repeat(43)}=`, description: 'a log', operator: 'nobody', kind, url: 'https://ct.example/' }
  return {
    log,
    historical: false,
    cursor: (index) => `after ${index}`,
    issuer: async (fingerprint) => {
      if ((fingerprint[0] ?? 0) % 2 === 0) return someIssuer()
      throw new CtStreamError('CT_HTTP_STATUS', 'no such issuer')
    },
  }
}

let issuer: Uint8Array | undefined
function someIssuer(): Uint8Array {
  issuer ??= generatedEntries(1).at(-1)?.leafInput.slice(15, -2) ?? new Uint8Array(0)
  return issuer
}

/** A certificate of an input that nothing has been read of. */
export function decodeInput(input: Uint8Array): CtCertificate {
  const entry = decodeEntryInput(input)
  return decodeEntry(rawEntry(entry), contexts[entry.isStatic ? 1 : 0])
}

export const entryTarget: Target = {
  name: 'entry',
  weight: 8,
  seeds: entrySeeds,
  mutate: (input, donor, random) =>
    encodeEntryInput(mutateEntry(decodeEntryInput(input), decodeEntryInput(donor), random)),

  async run(input, thorough) {
    const certificate = decodeInput(input)
    const pinned = input.length
    const tally: Tally = { size: 0 }
    for (const property of properties) checkValue(certificate[property], property, pinned, tally)
    const json = certificate.toJSON()
    checkValue(json, 'toJSON()', pinned, { size: 0 })
    const text = JSON.stringify(certificate)
    bounded(tally.size, input, 'all properties together')
    bounded(text.length, input, 'the JSON')
    checkMeaning(certificate, json)
    checkNames(certificate)
    checkProblems(certificate)
    checkCertStream(certificate, input)
    checkAgain(input, json, text)
    if (thorough) await checkThoroughly(certificate, pinned)
  },
}

function bounded(size: number, input: Uint8Array, what: string): void {
  promise(size <= MAX_GROWTH * input.length + FREE_OUTPUT, `${what}: ${size} characters made of ${input.length} bytes`)
}

const HEX = /^(?:[0-9a-f]{2})*$/
const isoDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

function checkMeaning(certificate: CtCertificate, json: CertificateJson): void {
  const { kind, leafInput, leafHash, der, tbs, problems } = certificate
  promise(Buffer.compare(leafHash, sha256Of(Uint8Array.of(0), leafInput)) === 0, 'leafHash is not the hash of the leaf')
  promise(certificate.sha256 === (der && sha256Hex(der)), 'sha256 is not that of der')
  promise((json.leafInput !== null) === (kind === 'unparsable'), `${kind}, and toJSON().leafInput is ${json.leafInput}`)
  if (kind === 'unparsable') promise(problems.length > 0, 'unparsable without a problem')
  else promise(tbs !== undefined && certificate.issuanceId?.length === 64, `${kind} without tbs or issuanceId`)
  promise(
    (certificate.issuerKeyHash === undefined) !== (kind === 'precertificate') || kind === 'unparsable',
    `${kind} with or without issuerKeyHash`,
  )
  for (const field of ['sha256', 'sha1', 'issuanceId', 'serialNumber', 'subjectKeyId', 'authorityKeyId'] as const)
    promise(HEX.test(certificate[field] ?? ''), `${field} is not hexadecimal: ${certificate[field]}`)
  for (const field of ['notBefore', 'notAfter'] as const) {
    const year = certificate[field]?.getUTCFullYear() ?? 2000
    promise(year >= -1 && year <= 10_000, `${field} is in the year ${year}`)
    const says = problems.some((problem) => problem.field === field && /^(time|der)-malformed$/.test(problem.code))
    promise(kind === 'unparsable' || says || certificate[field] !== undefined, `no ${field}, and no problem says so`)
    promise(
      json[field] === null || isoDate.test(json[field]) || year < 0 || year > 9999,
      `${field} in JSON: ${json[field]}`,
    )
  }
  promise(json.isCa === (certificate.basicConstraints?.ca ?? false), 'isCa and basicConstraints differ')
}

function checkNames({ dnsNames, ipAddresses, emailAddresses, uris, kind, leafInput }: CtCertificate): void {
  for (const name of dnsNames) {
    const broken =
      (name === '' && 'empty') ||
      (!/^[\x21-\x7e]+$/.test(name) && 'not printable ASCII') ||
      (/[A-Z]/.test(name) && 'upper case') ||
      (name.endsWith('.') && 'with a dot at its end') ||
      (isIP(name) !== 0 && 'an IP address')
    if (broken) throw new Violation(`the DNS name ${JSON.stringify(name).slice(0, 200)} is ${broken}`)
  }
  for (const address of ipAddresses) promise(isIP(address) !== 0, `${JSON.stringify(address)} is no IP address`)
  for (const list of [dnsNames, ipAddresses, emailAddresses, uris])
    promise(new Set(list).size === list.length, 'a name occurs twice in a list of unique ones')
  const found = difference(kind === 'unparsable' ? undefined : dnsNames, dnsNamesOfLeaf(leafInput))
  if (found !== undefined) throw new Violation(`dnsNames and dnsNamesOfLeaf differ: ${found}`)
}

function checkProblems({ problems }: CtCertificate): void {
  for (const { field, message } of problems) {
    promise(field in propertyNames || field === 'chain', `a problem of ${field}, which is no property`)
    promise(message.length <= 1000, `a problem's message of ${message.length} characters`)
    checkPrintable(message, "a problem's message")
  }
  promise(problems.length <= 1000, `${problems.length} problems`)
}

const messageKeys = new Map<string, string>()

function checkCertStream(certificate: CtCertificate, input: Uint8Array): void {
  for (const form of ['full', 'lite', 'domains'] as const) {
    const message = certificate.toCertStream(form)
    checkValue(message, `toCertStream('${form}')`, 0, { size: 0 })
    bounded(JSON.stringify(message).length, input, `toCertStream('${form}')`)
    if (message.message_type === 'dns_entries') continue
    const { leaf_cert: leaf, chain } = message.data
    for (const each of [leaf, ...(chain ?? [])]) {
      const serial = each.serial_number
      promise(serial === null || /^-?(?:[0-9A-F]{2})*$/.test(serial), `serial_number ${JSON.stringify(serial)}`)
      promise(each.not_after === null || Number.isInteger(each.not_after), `not_after ${each.not_after}`)
    }
    const keys = [Object.keys(message.data), Object.keys(leaf), Object.keys(leaf.subject)].join(';')
    const known = messageKeys.get(form) ?? keys
    messageKeys.set(form, known)
    promise(keys === known, `keys of the ${form} message: ${keys}; of another: ${known}`)
  }
}

/** The same again, read in another order. */
function checkAgain(input: Uint8Array, json: CertificateJson, text: string): void {
  const again = decodeInput(input)
  void again.problems
  for (const property of [...properties].reverse()) void again[property]
  if (JSON.stringify(again) === text) return
  throw new Violation(`not the same when decoded again in another order: ${difference(json, again.toJSON())}`)
}

async function checkThoroughly(certificate: CtCertificate, pinned: number): Promise<void> {
  inspect(certificate)
  allowing(['CT_DER_MALFORMED'], () => certificate.x509())
  try {
    checkValue(await certificate.chain(), 'chain()', pinned, { size: 0 })
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    checkError(error, ['CT_LEAF_MALFORMED', 'CT_RESPONSE_MALFORMED', 'CT_HTTP_STATUS'])
  }
  const keys = Object.fromEntries(certificate.scts.slice(0, 2).map(({ logId }) => [logId, 'AAAA']))
  const checked = await certificate.verifyScts(keys)
  promise(checked.length === certificate.scts.length, `${checked.length} verdicts on ${certificate.scts.length} SCTs`)
  checkProblems(certificate)
}
