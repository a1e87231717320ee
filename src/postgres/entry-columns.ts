import type { CtCertificate } from '../types/certificate.js'
import { ArrayParameter, elements } from './array-parameter.js'
import type { CertificateRow } from './certificate-rows.js'
import { PARTS } from './schema.js'

/** Bytes of one statement, about: more certificates are inserted by several statements of one transaction. */
export const STATEMENT_BYTES = 4 * 2 ** 20

/** Certificates of one statement, a parameter for each column. */
export function certificateColumns() {
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
    add(row: CertificateRow, log: number): void {
      parts.add(partOf(row.sha256))
      hashes.add(row.sha256)
      issuances.add(row.issuanceId)
      issuers.add(row.issuer)
      serials.add(row.serialNumber)
      begins.add(row.notBefore)
      ends.add(row.notAfter)
      precerts.add(row.isPrecertificate)
      logs.add(log)
      indexes.add(row.index)
      timestamps.add(row.timestamp)
      ders.add(row.der)
      names.add(row.names)
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
