import { z } from 'zod'
import { defineModule } from '../modules/definition.js'
import type { Finding } from '../types/finding.js'
import { harmless } from '../util/harmless.js'
import { AppendFile } from './append-file.js'
import { fileOptions } from './file-options.js'

const COLUMNS = [
  'id',
  'first_seen',
  'module',
  'kind',
  'severity',
  'score',
  'subject',
  'reasons',
  'dns_names',
  'issuer',
  'not_before',
  'not_after',
  'sha256',
  'log',
  'index',
] as const
const HEADER = COLUMNS.join(',')

/**
 * Writes findings to a CSV file (RFC 4180, UTF-8, with a header), one on each line. A field that a spreadsheet would take for a formula gets
 * an apostrophe in front; control characters are escaped as `\x0a`. As durable as the output `jsonl`, and repaired after a crash like it.
 */
export const csv = defineModule({
  name: 'csv',
  description: 'findings as CSV in a file',
  options: z.strictObject(fileOptions),
  acknowledge: true,
  async setup({ options: { file, rotateBytes, rotateDaily, gzip }, clock, log }) {
    const lines = new AppendFile({ path: file, rotateBytes, rotateDaily, gzip, clock, log, header: HEADER, isTorn })
    await lines.open()
    return lines
  },
  onFindings: (findings, { state }) => state.append(findings.map(csvLine)),
  teardown: ({ state }) => state.close(),
})

export default csv

/** Whether text begins like one of our lines: with an id, or like the header. */
function isTorn(tail: string): boolean {
  return /^[0-9a-f]{32},|^[0-9a-f]{0,32}$/.test(tail) || HEADER.startsWith(tail)
}

function csvLine(finding: Finding): string {
  const { certificate: c, reasons } = finding
  const fields = [
    ...[finding.id, finding.firstSeen, finding.module, finding.kind, finding.severity, String(finding.score)],
    ...[finding.subject, reasons.map(({ text }) => text).join('; '), c.dnsNames.join(' ')],
    ...[c.issuer.text, c.notBefore ?? '', c.notAfter ?? '', c.sha256 ?? '', c.log.url, String(c.index)],
  ]
  return fields.map(csvField).join(',')
}

/** One field, quoted if needed, that no spreadsheet evaluates. */
export function csvField(text: string): string {
  const plain = harmless(text)
  // What Excel, LibreOffice and Google Sheets evaluate, even after a space.
  const guarded = /^\s*[=+\-@\uff0b\uff0d\uff1d\uff20]/.test(plain) ? `'${plain}` : plain
  return /[",;]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}
