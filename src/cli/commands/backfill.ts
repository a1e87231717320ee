import { CtStreamError } from '../../errors.js'
import type { BackfillJob } from '../../types/backfill.js'
import type { Logger } from '../../types/clock.js'
import type { LogSelection } from '../../types/log-list.js'
import type { Command, CommandContext } from '../command.js'
import { type Flag, flagsNamed, reportFlags } from '../flags/flags.js'
import { databaseFlag, leaseFlag, memberFlag } from '../flags/run-flags.js'
import { usageError } from '../flags/usage-error.js'
import { leaseFrom } from '../flags/when.js'
import { memberFrom } from '../member.js'
import { namingDb } from '../naming-db.js'
import { oneLog } from '../one-log.js'
import { Output } from '../terminal/output.js'
import { formatCount } from '../terminal/quantities.js'
import { commandLogger } from '../terminal/report.js'
import { isAway, untilThere } from '../until-there.js'

const DEFAULT_LEASE_MS = 15_000
/** Default length of a range: 4,096 full tiles. */
const DEFAULT_STEP = 2 ** 20
/** How long to wait for a log that is down, milliseconds. */
const PATIENCE_MS = 86_400_000

const flags: readonly Flag[] = [
  { name: 'from', type: 'text', value: 'INDEX', help: 'first entry (default 0)' },
  { name: 'to', type: 'text', value: 'INDEX', help: 'entry to end before (default the size of the log)' },
  { name: 'range', type: 'text', value: 'N', help: `entries one process takes at a time (default ${DEFAULT_STEP})` },
]

/** `ct-stream backfill <log>`: a stretch of a log into the engine, by as many processes as are started. */
export const backfill: Command = {
  name: 'backfill',
  summary: 'Entries of one log into Postgres or Kafka, by as many processes as you start, proven to be one tree.',
  positionals: ['log'],
  optional: ['log'],
  flags: [
    ...flags,
    databaseFlag,
    leaseFlag,
    memberFlag,
    ...flagsNamed('log-list', 'log', 'key', 'submission-url', 'allow-http', 'contact', 'proxy'),
    ...reportFlags,
  ],
  examples: [
    ['ct-stream backfill argon2026h1 --db postgres://db/ct', 'all of it; start the same on other machines'],
    ['ct-stream backfill argon2026h1 --to 2000000 --db kafka://broker/ct', 'a part of it; --from, too'],
  ],
  whenStopped: 'interrupted',
  run: runCommand,
}

async function runCommand(context: CommandContext): Promise<void> {
  const { io, values } = context
  const db = values.text('db')
  if (db === undefined)
    throw usageError('ct-stream backfill needs --db: the Postgres or Kafka that all processes share')
  const [from, to] = [values.integer('from', 0) ?? 0, values.integer('to', 1)]
  const { LEAST_STEP, runBackfill } = await import('../../cluster/backfill.js')
  const step = values.integer('range', LEAST_STEP, 2 ** 32) ?? DEFAULT_STEP
  const leaseMs = leaseFrom(values) ?? DEFAULT_LEASE_MS
  const logger = commandLogger(context)
  const [{ openBackfills }, { sharedParts }, { ctStream }, { openListedLog }, { transportFrom }] = await Promise.all([
    import('../../cluster/open-backfills.js'),
    import('../../cluster/open-cluster.js'),
    import('../../stream/ct-stream.js'),
    import('../../logs/open-log.js'),
    import('../listed-logs.js'),
  ])
  const member = memberFrom(values)
  await namingDb(context, async () => sharedParts(db))
  const transport = await transportFrom(context)
  try {
    const spec = await oneLog(context, transport, logger, context.positionals[0])
    const allowHttp = values.switch('allow-http')
    const { askedStream } = await import('../asked-stream.js')
    const { logs: _, ...request } = await askedStream(context)
    let id: string | undefined
    let isDone = false
    const attempt = async () => {
      const place = await namingDb(context, () => openBackfills(db, { member, leaseMs, clock: io.clock }))
      try {
        const job = await runBackfill({
          ...{ place, from, to, step, id, leaseMs, logger, signal: io.stop, clock: io.clock },
          client: openListedLog(spec, { transport, allowHttp }),
          stream: (checkpoint, end, readers) =>
            ctStream({
              ...request,
              logs: 'addressFrom' in spec ? listedAs(spec.id) : [spec],
              end: { index: end },
              endPatienceMs: PATIENCE_MS,
              // Together the processes send the operator no more requests than one would.
              concurrency: {
                perOperator: Math.max(1, Math.floor(8 / readers)),
                perLog: Math.max(1, Math.floor(4 / readers)),
              },
              checkpoint,
              commit: 'manual',
              logger,
            }),
          onProgress(state) {
            // If it ends while the engine is away from here, it is not begun again.
            id = state.id
            tellProgress(state, logger)
          },
        })
        await tellEnd(context, job)
        isDone = job.state === 'done'
      } finally {
        await place.close()
      }
    }
    await untilThere(attempt, { waitsFor: isAway, logger, clock: io.clock, stop: io.stop })
    // Whoever started it takes status 0 for all entries being there.
    if (!isDone) io.stop.throwIfAborted()
  } finally {
    await transport.close()
  }
}

/** A log of the lists, whatever its state there; requests respect the addresses that the lists may lead to. */
function listedAs(id: string): LogSelection {
  const states = ['pending', 'qualified', 'usable', 'readonly', 'retired', 'rejected', 'unlisted'] as const
  return { names: [id], states, logTypes: ['prod', 'test', 'monitoring_only'], shards: 'all' }
}

function tellProgress({ rangesDone, ranges, entries }: BackfillJob, logger: Logger): void {
  logger.info(`${rangesDone} of ${ranges} ranges, ${formatCount(entries)} entries`)
}

async function tellEnd({ io }: CommandContext, { state, reason, log, start, end, head, entries }: BackfillJob) {
  if (state === 'failed') throw new CtStreamError('CT_CONSISTENCY', `backfill of ${log.description}: ${reason}`)
  const what = `entries ${start} to ${end} of ${log.description}`
  const text =
    state === 'done'
      ? `${what} are there, proven to be a part of the tree of ${head.treeSize} entries`
      : `${what}: ${entries} are there; the same command goes on`
  await new Output(io.stdout).write(`${text}\n`)
}
