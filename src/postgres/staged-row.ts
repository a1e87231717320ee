import type { CtCertificate } from '../types/certificate.js'
import { toHex } from '../util/bytes.js'
import { cutText, harmless } from '../util/harmless.js'
import { reversedName } from '../util/reversed-name.js'
import { queuedLeaf } from './queued-leaf.js'
import { PARTS } from './schema.js'

/** Separates the names of a certificate: a control character, which no name has after {@link harmless}. */
const SEPARATOR = '\u0001'
/** An index of Postgres takes keys of 2,704 bytes; no name that a client accepts has more than 253. */
const MAX_NAME = 600
const MAX_ISSUER = 1000
const MAX_SERIAL = 200

/**
 * The temporary table of entries that a transaction is about to insert. It neither compresses columns nor moves them out of line:
 * certificates hardly compress and fit a page, and trying would cost the server more than all the rest.
 */
export const STAGED_TABLE = `CREATE TEMP TABLE IF NOT EXISTS staged (
  log integer, idx bigint, ts bigint, part smallint, sha256 bytea, issuance bytea, issuer text, serial text,
  not_before bigint, not_after bigint, precert boolean, der bytea, names text,
  flags smallint, hash bytea, leaf bytea
) WITH (toast_tuple_target = 8160) ON COMMIT DELETE ROWS;
ALTER TABLE staged ALTER COLUMN der SET STORAGE EXTERNAL, ALTER COLUMN leaf SET STORAGE EXTERNAL`

export const STAGED_NAMES = `string_to_array(names, E'\\x01')`

/** Optional columns: the certificates themselves, and the entries for processors. */
export interface StagedParts {
  readonly der: boolean
  readonly queue: boolean
}

/** An entry as a line of COPY in text format. */
export function stagedRow(certificate: CtCertificate, log: number, { der, queue }: StagedParts): string {
  const { index, timestamp, sha256, issuanceId, issuer, serialNumber, notBefore, notAfter, kind } = certificate
  const names = certificate.dnsNames.map(keptName)
  const fields = [
    log,
    index,
    timestamp?.getTime(),
    sha256 === undefined ? undefined : Number.parseInt(sha256.slice(0, 1), 16) % PARTS,
    bytes(sha256),
    bytes(issuanceId),
    text(cutText(harmless(issuer.toString()), MAX_ISSUER)),
    serialNumber === undefined ? undefined : cutText(serialNumber, MAX_SERIAL),
    notBefore?.getTime(),
    notAfter?.getTime(),
    kind === 'precertificate' ? 't' : 'f',
    der ? bytes(certificate.der === undefined ? undefined : toHex(certificate.der)) : undefined,
    names.length === 0 ? undefined : text([...new Set(names)].join(SEPARATOR)),
    ...(queue ? leafFields(certificate) : noLeaf),
  ]
  return `${fields.map((field) => field ?? '\\N').join('\t')}\n`
}

const noLeaf = [undefined, undefined, undefined]

function leafFields(certificate: CtCertificate): (string | number | undefined)[] {
  const { flags, hash, leaf } = queuedLeaf(certificate)
  return [flags, bytes(toHex(hash)), bytes(leaf && toHex(leaf))]
}

/** `com.example.www`, as the tables have it: harmless, and short enough for an index. */
function keptName(name: string): string {
  return cutText(harmless(reversedName(name)), MAX_NAME)
}

const bytes = (hex: string | undefined) => (hex === undefined ? undefined : `\\\\x${hex}`)

/** Harmless text has no control characters, so COPY needs only the backslash escaped. */
const text = (value: string) => value.replaceAll('\\', '\\\\')
