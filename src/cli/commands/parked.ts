import type { ParkedEntry } from '../../types/queue.js'
import type { Command, CommandContext } from '../command.js'
import { type Flag, jsonFlag } from '../flags/flags.js'
import { databaseFlag, groupFlag } from '../flags/run-flags.js'
import { usageError } from '../flags/usage-error.js'
import { Output } from '../terminal/output.js'
import { formatCount } from '../terminal/quantities.js'
import { styleFor } from '../terminal/style.js'
import { type Column, jsonLines, tableText, widthFor } from '../terminal/table.js'

const DEFAULT_LIMIT = 1000

const flags: readonly Flag[] = [
  databaseFlag,
  { ...groupFlag, help: 'only what this group of processors has parked (list: default all groups)' },
  { name: 'all', type: 'switch', help: 'all entries of the group' },
  { name: 'limit', type: 'text', value: 'N', short: 'n', help: `the last N entries (default ${DEFAULT_LIMIT})` },
  jsonFlag,
]

/** `ct-stream parked`: entries that processors have set aside. */
export const parked: Command = {
  name: 'parked',
  summary: 'Entries that processors have set aside: "list" them, or "replay" or "drop" some by KEY.',
  positionals: ['action', 'key'],
  optional: ['key'],
  repeats: true,
  flags,
  examples: [
    ['ct-stream parked list --db URL', 'what processors could not work on, and why'],
    ['ct-stream parked replay --db URL --group alerts --all', 'all of a group is tried again, once the cause is fixed'],
  ],
  run,
}

async function run(context: CommandContext): Promise<void> {
  const { io, values, positionals } = context
  const [action, ...keys] = positionals
  const url = values.text('db')
  if (url === undefined) throw usageError('--db is needed: the URL of the engine')
  const isChange = action === 'replay' || action === 'drop'
  if (!isChange && action !== 'list')
    throw usageError(`<action> must be "list", "replay" or "drop", got ${JSON.stringify(action)}`)
  const limit = values.integer('limit', 1, 1_000_000) ?? DEFAULT_LIMIT
  const group = values.text('group')
  if (isChange && group === undefined) throw usageError(`--group is needed to ${action}`)
  if (isChange && keys.length > 0 === values.switch('all'))
    throw usageError(`what is to be ${action === 'drop' ? 'dropped' : 'replayed'}: keys, or --all of the group?`)
  const { openParked } = await import('../../processors/index.js')
  const entries = await openParked(url)
  try {
    if (!isChange) return await list(context, await entries.list({ limit, ...(group !== undefined && { group }) }))
    const count = await entries[action](group ?? '', keys.length === 0 ? undefined : keys)
    const done = action === 'drop' ? 'dropped' : 'to be tried again by the next processor of the group that is free'
    await new Output(io.stdout).write(`${formatCount(count)} ${done}\n`, io.stop)
  } finally {
    await entries.close()
  }
}

async function list({ io, values }: CommandContext, found: readonly ParkedEntry[]): Promise<void> {
  const text = values.switch('json')
    ? jsonLines(found)
    : tableText(found, columns, styleFor(io.stdout, io.env), widthFor(io.stdout)) || 'nothing is set aside\n'
  await new Output(io.stdout).write(text, io.stop)
}

const columns: readonly Column<ParkedEntry>[] = [
  { title: 'KEY', isWhole: true, text: ({ key }) => key },
  { title: 'GROUP', text: ({ group }) => group },
  { title: 'LOG', text: ({ logId }) => logId },
  { title: 'ENTRY', text: ({ index }) => (index === undefined ? undefined : String(index)), isNumber: true },
  { title: 'SINCE', text: ({ parkedAt }) => parkedAt.toISOString() },
  { title: 'TIMES', text: ({ failures }) => formatCount(failures), isNumber: true },
  { title: 'BY', text: ({ by, isReplayed }) => (isReplayed ? `${by} (to be replayed)` : by) },
  { title: 'REASON', text: ({ message }) => message },
]
