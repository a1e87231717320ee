import { openGaps } from '../../checkpoint/open-gaps.js'
import type { Gap } from '../../types/checkpoint.js'
import { abortable } from '../../util/abort.js'
import { checkpointPath, openExisting } from '../checkpoint-file.js'
import type { Command, CommandContext } from '../command.js'
import { type Flag, flagsNamed, formatFlags, jsonFlag, reportFlags } from '../flags/flags.js'
import { moduleFlag, moduleThreadsFlag } from '../flags/module-flag.js'
import { databaseFlag } from '../flags/run-flags.js'
import { sinkFlag } from '../flags/sink-flag.js'
import { usageError } from '../flags/usage-error.js'
import { Output } from '../terminal/output.js'
import { formatCount } from '../terminal/quantities.js'
import { styleFor } from '../terminal/style.js'
import { type Column, jsonLines, tableText, widthFor } from '../terminal/table.js'

const retryFlag: Flag = {
  name: 'retry',
  type: 'switch',
  help: 'fetch and verify the missing entries, and print them or give them to modules; what was printed, or what modules are finished with, is no longer a gap',
}

/** Known, so that entries that a sink lacks are not taken for delivered. */
const unusedSinkFlag: Flag = {
  ...sinkFlag,
  note: '--retry cannot do that, and is refused; with --format it prints',
  conflicts: ['format', 'template'],
}

const dbFlag: Flag = {
  ...databaseFlag,
  note: 'its gaps instead of those in the checkpoint file',
  conflicts: ['retry', 'checkpoint'],
}

/** `ct-stream gaps`: what could not be delivered, and another try. */
export const gaps: Command = {
  name: 'gaps',
  summary: 'Entries that could not be delivered, by log; --retry tries again and prints them.',
  positionals: [],
  flags: [
    retryFlag,
    dbFlag,
    moduleFlag,
    moduleThreadsFlag,
    unusedSinkFlag,
    jsonFlag,
    ...flagsNamed(
      'checkpoint',
      'log-list',
      'log',
      'key',
      'submission-url',
      'allow-http',
      'end-patience',
      'contact',
      'proxy',
    ),
    ...formatFlags,
    ...reportFlags,
  ],
  examples: [
    ['ct-stream gaps', 'what is missing, since when, and why'],
    ['ct-stream gaps --retry --format json >> all.jsonl', 'appends it where the rest went'],
    ['ct-stream gaps --retry --config ct-stream.json', 'gives it to the modules of that file'],
  ],
  whenStopped: 'interrupted',
  run: showOrRetry,
}

async function showOrRetry(context: CommandContext): Promise<void> {
  const { io, values } = context
  const url = values.text('db')
  if (url !== undefined) return showUncovered(context, url)
  const path = checkpointPath(values)
  if (path === undefined) throw usageError('there are no gaps without a checkpoint file')
  if (values.switch('retry')) {
    if (values.isFlag('json')) throw usageError('--json and --retry exclude each other; --format json prints entries')
    if (values.has('sink'))
      throw usageError(
        `${values.from('sink')}: --retry cannot write to a sink, which would go on to lack what is then no longer a gap; to print it, say --format json`,
      )
    const { retryGaps } = await import('../retry-gaps.js')
    return retryGaps(context, path)
  }
  const open = await readOpen(path)
  const text = values.switch('json')
    ? jsonLines(open.map(gapJson))
    : tableText(open, columns, styleFor(io.stdout, io.env), widthFor(io.stdout)) || 'nothing is missing\n'
  await new Output(io.stdout).write(text, io.stop)
}

/** Missing entries in the database of a sink, between the first and the last entry read of each log. */
async function showUncovered({ io, values }: CommandContext, url: string): Promise<void> {
  const { coverage } = await import('../../sinks/postgres.js')
  const missing = (await abortable(coverage(url), io.stop)).flatMap(({ log, missing }) =>
    missing.map((range) => ({ log, ...range })),
  )
  const text = values.switch('json')
    ? jsonLines(missing)
    : tableText(missing, placeColumns, styleFor(io.stdout, io.env), widthFor(io.stdout)) || 'nothing is missing\n'
  await new Output(io.stdout).write(text, io.stop)
}

async function readOpen(path: string): Promise<readonly Gap[]> {
  const store = await openExisting(path)
  try {
    return openGaps(store.gaps(), store.load())
  } finally {
    store.close()
  }
}

const placeColumns: readonly Column<Pick<Gap, 'log' | 'start' | 'end'>>[] = [
  { title: 'LOG', text: ({ log }) => log.description },
  { title: 'FROM', text: ({ start }) => formatCount(start), isNumber: true },
  { title: 'TO', text: ({ end }) => (end === undefined ? undefined : formatCount(end - 1)), isNumber: true },
]

const columns: readonly Column<Gap>[] = [
  ...placeColumns,
  { title: 'SINCE', text: ({ recordedAt }) => new Date(recordedAt).toISOString() },
  { title: 'REASON', text: ({ reason }) => reason },
]

/** `end` is exclusive, as everywhere; `null` when unknown. */
function gapJson({ log, start, end, reason, recordedAt }: Gap): object {
  return { log, start, end: end ?? null, reason, recordedAt: new Date(recordedAt).toISOString() }
}
