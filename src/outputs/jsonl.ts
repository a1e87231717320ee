import { z } from 'zod'
import { jsonText } from '../decode/index.js'
import { defineModule } from '../modules/definition.js'
import { harmlessJson, harmlessJsonText } from '../util/harmless.js'
import { AppendFile } from './append-file.js'
import { fileOptions } from './file-options.js'

const options = z.strictObject({
  ...fileOptions,
  what: z
    .enum(['findings', 'certificates'])
    .default('findings')
    .describe('Findings of earlier modules, or every certificate.'),
})

/**
 * Writes findings, or certificates, to a file as JSON lines: one object on each line, with escapes for characters that could harm a terminal.
 *
 * ```ts
 * runModules(stream, [watch, jsonl.with({ file: 'findings.jsonl', rotateDaily: true })])
 * ```
 *
 * Acknowledged lines are on the disk (`fdatasync`). A line that a crash cut off is removed at the next start, and written again. A finding
 * may come again after a restart, with the same `id`.
 */
export const jsonl = defineModule({
  name: 'jsonl',
  description: 'findings or certificates as JSON lines in a file',
  options,
  acknowledge: true,
  wants: ({ what }) => ({ certificates: what === 'certificates', findings: what === 'findings' }),
  async setup({ options: { file, rotateBytes, rotateDaily, gzip }, clock, log }) {
    const lines = new AppendFile({ path: file, rotateBytes, rotateDaily, gzip, clock, log, isTorn: isTornJson })
    await lines.open()
    return lines
  },
  onBatch: (certificates, { state }) =>
    state.append(certificates.map((certificate) => harmlessJsonText(jsonText(certificate)))),
  onFindings: (findings, { state }) => state.append(findings.map(harmlessJson)),
  teardown: ({ state }) => state.close(),
})

export default jsonl

/** Whether text begins like one of our lines: with an object and its first key. */
export function isTornJson(tail: string): boolean {
  return tail.startsWith('{"') || '{"'.startsWith(tail)
}
