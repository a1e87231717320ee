import type { CtCertificate } from '../../types/certificate.js'
import { harmless } from '../../util/harmless.js'
import { suggest } from '../../util/suggest.js'
import { usageError } from '../flags/usage-error.js'

type Part = string | { readonly path: readonly string[] }

const name = [
  ...['text', 'commonName', 'organization', 'organizationalUnit', 'country', 'stateOrProvince', 'locality'],
  ...['emailAddress', 'attributes', 'attributes.oid', 'attributes.name', 'attributes.value'],
]

/** The members of a certificate's JSON form, and theirs. */
const fields: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    [
      ...['kind', 'index', 'timestamp', 'leafHash', 'historical', 'verified', 'cursor', 'sha256', 'sha1'],
      ...[
        'issuanceId',
        'issuerKeyHash',
        'serialNumber',
        'notBefore',
        'notAfter',
        'dnsNames',
        'ipAddresses',
        'emailAddresses',
        'uris',
      ],
      ...['keyUsage', 'subjectKeyId', 'authorityKeyId', 'ocspUrls', 'caIssuerUrls', 'crlUrls', 'validation'],
      ...['isCa', 'isSelfIssued', 'leafInput'],
    ].map((field) => [field, []]),
  ),
  log: ['id', 'description', 'operator', 'kind', 'url'],
  subject: name,
  issuer: name,
  altNames: ['kind', 'value'],
  publicKey: ['algorithm', 'oid', 'bits', 'curve', 'spkiSha256'],
  signatureAlgorithm: ['oid', 'name'],
  extendedKeyUsage: ['oid', 'name'],
  basicConstraints: ['ca', 'pathLength'],
  policies: ['oid', 'name', 'cpsUris'],
  scts: ['logId', 'timestamp'],
  problems: ['code', 'field', 'message'],
}

/** Every path of {@link fields}, without the places in lists. */
const paths: ReadonlySet<string> = new Set(
  Object.entries(fields).flatMap(([field, parts]) => [field, ...parts.map((part) => `${field}.${part}`)]),
)

/**
 * Compiles a template. `{path}`, such as `{subject.commonName}`, is a value of the JSON form: lists are joined by commas, an absent value
 * is empty. `\t`, `
 `, `\\` and `\{` have their usual meaning.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for an unknown field or an unpaired brace.
 */
export function compileTemplate(template: string): (cert: CtCertificate) => string {
  const parts = parse(template)
  return (cert) => {
    const json: unknown = cert.toJSON()
    return parts.map((part) => (typeof part === 'string' ? part : harmless(textOf(valueAt(json, part.path))))).join('')
  }
}

function parse(template: string): Part[] {
  const parts: Part[] = []
  // An escape, a placeholder, a lone brace, or text up to the next of these.
  for (const [token] of template.matchAll(/\\.|\{[^{}]*\}|[{}]|[^\\{}]+|\\$/gsu)) {
    if (token.startsWith('\\')) parts.push(escapes.get(token) ?? token)
    else if (token.length > 1 && token.startsWith('{')) parts.push({ path: pathOf(token.slice(1, -1).trim()) })
    else if (token === '{' || token === '}')
      throw usageError(`--template has a lone ${token} (write \\${token} for it)`)
    else parts.push(token)
  }
  return parts
}

const escapes = new Map([
  ['\\n', '\n'],
  ['\\t', '\t'],
  ['\\\\', '\\'],
  ['\\{', '{'],
  ['\\}', '}'],
])

function pathOf(text: string): readonly string[] {
  const path = text.split('.')
  const plain = path.filter((key, i) => i === 0 || !/^\d+$/.test(key)).join('.')
  if (paths.has(plain)) return path
  const meant = suggest(plain, paths)
  const hint = meant === undefined ? '' : `, did you mean {${meant}}?`
  throw usageError(`--template: a certificate has no field {${text}}${hint}`)
}

function valueAt(json: unknown, path: readonly string[]): unknown {
  let value = json
  for (const key of path) {
    if (Array.isArray(value) && !/^\d+$/.test(key)) value = value.map((one) => valueAt(one, [key]))
    else if (typeof value === 'object' && value !== null && Object.hasOwn(value, key)) value = value[key as never]
    else return undefined
  }
  return value
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value)) return value.map(textOf).join(',')
  if (typeof value !== 'object') return String(value)
  return 'text' in value && typeof value.text === 'string' ? value.text : JSON.stringify(value)
}
