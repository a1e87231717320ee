import type { Command, CommandContext } from '../command.js'
import type { Flag } from '../flags/flags.js'
import { databaseFlag } from '../flags/run-flags.js'
import { usageError } from '../flags/usage-error.js'
import { olderThanFrom } from '../flags/when.js'
import { Output } from '../terminal/output.js'
import { formatCount } from '../terminal/quantities.js'
import { reporter } from '../terminal/report.js'
import { styleFor } from '../terminal/style.js'

const flags: readonly Flag[] = [
  databaseFlag,
  { name: 'queue', type: 'text', value: 'AGE', help: 'entries for processors that were added longer ago, as 7d' },
  { name: 'entries', type: 'text', value: 'AGE', help: 'rows of entries logged longer ago, as 365d; not certificates' },
  { name: 'unread', type: 'switch', help: 'also what processors have not acknowledged: they get a gap instead' },
]

/** `ct-stream prune`: takes old rows out of the database of a sink. */
export const prune: Command = {
  name: 'prune',
  summary: 'Deletes what is older than --queue or --entries from the database of a sink, in small batches.',
  positionals: [],
  flags,
  examples: [['ct-stream prune --db URL --queue 7d', 'once a day: processors can be a week behind']],
  run,
}

async function run({ io, values }: CommandContext): Promise<void> {
  const url = values.text('db')
  if (url === undefined) throw usageError('--db is needed: the postgres:// URL of a --sink')
  const queueOlderThanMs = olderThanFrom(values, 'queue')
  const entriesOlderThanMs = olderThanFrom(values, 'entries')
  if (queueOlderThanMs === undefined && entriesOlderThanMs === undefined)
    throw usageError('what is to be taken away: --queue AGE, --entries AGE, or both?')
  const { prune: pruneDatabase } = await import('../../sinks/postgres.js')
  const { queued, entries, heldBackBy } = await pruneDatabase(url, {
    ...(queueOlderThanMs !== undefined && { queueOlderThanMs }),
    ...(entriesOlderThanMs !== undefined && { entriesOlderThanMs }),
    unread: values.switch('unread'),
  })
  await new Output(io.stdout).write(
    `${formatCount(queued)} entries of the queue and ${formatCount(entries)} rows of entries are gone\n`,
    io.stop,
  )
  if (heldBackBy.length > 0)
    reporter(io.stderr, 'warn', styleFor(io.stderr, io.env)).warn(
      `more is old enough, and held back by ${heldBackBy.join(', ')}: --unread takes that, too`,
    )
}
