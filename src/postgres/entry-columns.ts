import type { CtCertificate } from '../types/certificate.js'
import { cutText, harmless } from '../util/harmless.js'
import { reversedName } from '../util/reversed-name.js'
import { ArrayParameter, elements } from './array-parameter.js'
import { PARTS } from './schema.js'

/** Separates the names of a certificate: a control character, which no name has after {@link harmless}. */
const SEPARATOR = '\u0001'
/** An index of Postgres takes keys of 2,704 bytes; no name that a client accepts has more than 253. */
const MAX_NAME = 600
const MAX_ISSUER = 1000
const MAX_SERIAL = 200
/** Entries that are encoded at a time: a few milliseconds of work. */
export const STEP_ENTRIES = 128
/** Bytes of one statement, about: more certificates are inserted by several statements of one transaction. */
export const STATEMENT_BYTES = 4 * 2 ** 20

/** Certificates of one statement, a parameter for each column. */
export function certificateColumns(der: boolean) {
  const parts = new ArrayParameter(elements.smallint)
  const hashes = new ArrayParameter(elements.hex)
  const issuances = new ArrayParameter(elements.hex)
  const issuers = new ArrayParameter(elements.text)
  const serials = new ArrayParameter(elements.text)
  const begins = new ArrayParameter(elements.timestamptz)
  const ends = new ArrayParameter(elements.timestamptz)
  const precerts = new ArrayParameter(elements.boolean)
  const logs = new ArrayParameter(elements.integer)
  const indexes = new ArrayParameter(elements.bigint)
  const timestamps = new ArrayParameter(elements.timestamptz)
  const ders = new ArrayParameter(elements.bytea)
  const names = new ArrayParameter(elements.text)
  const place = [logs, indexes, timestamps]
  const columns = [parts, hashes, issuances, issuers, serials, begins, ends, precerts, ...place, ders, names]
  return {
    get isFull() {
      return columns.reduce((sum, { byteLength }) => sum + byteLength, 0) > STATEMENT_BYTES
    },
    add(certificate: CtCertificate, sha256: string, log: number): void {
      parts.add(partOf(sha256))
      hashes.add(sha256)
      issuances.add(certificate.issuanceId)
      issuers.add(cutText(harmless(certificate.issuer.toString()), MAX_ISSUER))
      const { serialNumber } = certificate
      serials.add(serialNumber === undefined ? undefined : cutText(serialNumber, MAX_SERIAL))
      begins.add(certificate.notBefore)
      ends.add(certificate.notAfter)
      precerts.add(certificate.kind === 'precertificate')
      logs.add(log)
      indexes.add(certificate.index)
      timestamps.add(certificate.timestamp)
      ders.add(der ? certificate.der : undefined)
      names.add(joinedNames(certificate))
    },
    values: () => columns.map((column) => column.value()),
  }
}

/** Entries of one statement, a parameter for each column. */
export function entryColumns() {
  const logs = new ArrayParameter(elements.integer)
  const indexes = new ArrayParameter(elements.bigint)
  const timestamps = new ArrayParameter(elements.timestamptz)
  const parts = new ArrayParameter(elements.smallint)
  const hashes = new ArrayParameter(elements.hex)
  return {
    add({ index, timestamp, sha256 }: CtCertificate, log: number): void {
      logs.add(log)
      indexes.add(index)
      timestamps.add(timestamp)
      parts.add(sha256 === undefined ? undefined : partOf(sha256))
      hashes.add(sha256)
    },
    values: () => [logs, indexes, timestamps, parts, hashes].map((column) => column.value()),
  }
}

const partOf = (sha256: string) => Number.parseInt(sha256.slice(0, 1), 16) % PARTS

function joinedNames({ dnsNames }: CtCertificate): string | undefined {
  return dnsNames.length === 0 ? undefined : [...new Set(dnsNames.map(keptName))].join(SEPARATOR)
}

/** `com.example.www`, as the tables have it: harmless, and short enough for an index. */
function keptName(name: string): string {
  return cutText(harmless(reversedName(name)), MAX_NAME)
}
