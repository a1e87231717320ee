import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMeant } from '../../loglist/log-name.js'
import type { EvidenceJson } from '../../types/evidence.js'
import { harmlessJson } from '../../util/harmless.js'
import { checkpointPath, openExisting } from '../checkpoint-file.js'
import type { Command, CommandContext } from '../command.js'
import { type Flag, flagsNamed, jsonFlag, logKeyFlag } from '../flags/flags.js'
import { keyOf } from '../flags/log-key.js'
import { usageError } from '../flags/usage-error.js'
import { Output } from '../terminal/output.js'
import { fitted, reportLine } from '../terminal/report.js'
import { styleFor } from '../terminal/style.js'
import { type Column, tableText, widthFor } from '../terminal/table.js'

const flags: readonly Flag[] = [
  { ...logKeyFlag, note: 'for records of versions that kept none' },
  { name: 'out', type: 'text', value: 'DIR', help: 'write each document to a file of its own in this directory' },
  { ...jsonFlag, note: 'each document on a line' },
]

/** `ct-stream evidence`: what logs did wrong, for `ct-stream verify-evidence` and for others. */
export const evidence: Command = {
  name: 'evidence',
  summary: 'Evidence of misbehaving logs in the checkpoint file, as documents that anybody can check.',
  positionals: [],
  flags: [...flagsNamed('checkpoint', 'log-name'), ...flags],
  examples: [['ct-stream evidence --out evidence', 'a file for each case, to hand to others']],
  run: exportEvidence,
}

async function exportEvidence(context: CommandContext): Promise<void> {
  const { io, values } = context
  if (values.isFlag('out') && values.isFlag('json')) throw usageError('--json and --out exclude each other')
  const documents = await readDocuments(context)
  const folder = values.text('out')
  const output = new Output(io.stdout)
  if (folder !== undefined) {
    for (const path of await writeAll(documents, folder)) await output.write(`${reportLine(path)}\n`, io.stop)
  } else if (values.switch('json')) {
    for (const document of documents) await output.write(documentText(document), io.stop)
  } else {
    await output.write(await table(documents, context), io.stop)
  }
}

async function readDocuments(context: CommandContext): Promise<readonly EvidenceJson[]> {
  const { io, values } = context
  const path = checkpointPath(values)
  if (path === undefined) throw usageError('there is no evidence without a checkpoint file')
  const keys = await Promise.all(values.list('key').map((key) => keyOf(context, key)))
  const names = values.list('log-name')
  const { storedEvidence } = await import('../stored-evidence.js')
  const store = await openExisting(path)
  try {
    const isWanted = (log: EvidenceJson['log']) =>
      names.length === 0 || names.some((name) => isMeant(name, { ...log, urls: [log.url] }))
    const { documents, unusable } = storedEvidence(store, (log) => isWanted(log as EvidenceJson['log']), keys)
    for (const reason of unusable)
      io.stderr.write(`${fitted(`ct-stream: a record is left out: ${reportLine(reason)}`, io.stderr)}\n`)
    return documents
  } finally {
    store.close()
  }
}

/** A document on one line. */
function documentText(document: EvidenceJson): string {
  return `${harmlessJson(document)}\n`
}

/** Files are named by their content, so writing a document again does not change anything. */
async function writeAll(documents: readonly EvidenceJson[], folder: string): Promise<readonly string[]> {
  const paths: string[] = []
  try {
    await mkdir(folder, { recursive: true })
    for (const document of documents) {
      const time = document.recordedAt.replace(/[-:]|\.\d+/g, '')
      const path = join(folder, `${time}-${document.kind}-${document.sha256.slice(0, 12)}.json`)
      await writeWhole(path, documentText(document))
      paths.push(path)
    }
    return paths
  } catch (cause) {
    throw usageError(`--out cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
}

/** Writes a file atomically. Replaces whatever has the name now, without writing into it. */
async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.${randomUUID().slice(0, 8)}.part`
  try {
    await writeFile(part, text, { flag: 'wx' })
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

async function table(documents: readonly EvidenceJson[], { io }: CommandContext): Promise<string> {
  if (documents.length === 0) return 'no evidence of misbehaviour\n'
  const { verifyEvidence } = await import('../../verify/verify-evidence.js')
  const columns: readonly Column<EvidenceJson>[] = [
    { title: 'LOG', text: ({ log }) => log.description },
    { title: 'KIND', text: ({ kind }) => kind },
    { title: 'RECORDED', text: ({ recordedAt }) => recordedAt },
    { title: 'PROVES', text: (document) => verifyEvidence(document).proves ?? 'cannot be checked' },
    { title: 'CLAIM', text: ({ claim }) => claim },
  ]
  return tableText(documents, columns, styleFor(io.stdout, io.env), widthFor(io.stdout))
}
