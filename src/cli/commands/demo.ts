import type { AcknowledgedSource } from '../../modules/source.js'
import type { Logger } from '../../types/clock.js'
import type { LogKind, LogSpec } from '../../types/log.js'
import type { CtStreamOptions } from '../../types/stream-options.js'
import type { Command, CommandContext } from '../command.js'
import { type GrowingLog, keepGrowing } from '../demo-growth.js'
import { formatFlags, limitFlag, noCheckpointFlag, reportFlags } from '../flags/flags.js'
import { moduleFlag } from '../flags/module-flag.js'
import { databaseFlag, type Role } from '../flags/run-flags.js'
import { listeningFlags } from '../flags/serve-flags.js'
import { memberFrom } from '../member.js'
import { type ShownStream, showStream } from '../show-stream.js'
import { commandLogger } from '../terminal/report.js'
import { throughModules } from '../through-modules.js'

/** What the demo needs of `ct-stream/testing` and the stream. */
export interface DemoKit<C> {
  createTestLog(options: { readonly kind: LogKind } & LogNames): Promise<DemoLog<C>>
  /** Distinct seeds. */
  issueCertificates(count: number, options: { readonly seed: string; readonly notBefore: Date }): Iterator<C>
  ctStream(options: CtStreamOptions): ShownStream & AcknowledgedSource
}

interface LogNames {
  readonly description: string
  readonly operator: string
}

export interface DemoLog<C> extends GrowingLog<C> {
  readonly spec: LogSpec
  close(): unknown
}

const kinds: readonly LogKind[] = ['rfc6962', 'static-ct']
const OPERATOR = 'ct-stream demo'
const POLL_INTERVAL_MS = 250
/** `ct-stream demo`: the same stream from logs of both kinds that live in this process. */
export function demoCommand<C>(load: () => Promise<DemoKit<C>>): Command {
  return {
    name: 'demo',
    summary: 'The stream from embedded logs of both kinds, on loopback: works offline.',
    positionals: [],
    flags: [limitFlag, noCheckpointFlag, moduleFlag, databaseFlag, ...listeningFlags, ...formatFlags, ...reportFlags],
    examples: [
      ['ct-stream demo --limit 10', 'ten certificates, then end'],
      ['ct-stream demo --module ./mine.js', 'what a module of yours finds, offline'],
      ['ct-stream demo --db postgres://localhost/ct', 'as ct-stream run: into a database, which /api/v1 searches'],
    ],
    whenStopped: 'done',
    run: (context) => runDemo(context, load),
  }
}

async function runDemo<C>(context: CommandContext, load: () => Promise<DemoKit<C>>): Promise<void> {
  const db = context.values.text('db')
  if (db !== undefined) return intoDatabase(context, load, db)
  const consume = await throughModules(context)
  await withDemoLogs(context, load, (begin) =>
    showStream({
      context,
      consume,
      open: async (logger: Logger) => {
        const { kit, request } = await begin(logger)
        return kit.ctStream({
          ...request,
          checkpoint: false,
          ...(consume !== undefined && { acknowledge: 'manual' }),
          logger,
        })
      },
    }),
  )
}

/** All roles in this process, over the embedded logs. */
async function intoDatabase<C>(context: CommandContext, load: () => Promise<DemoKit<C>>, db: string): Promise<void> {
  const { values } = context
  const logger = commandLogger(context)
  const { startRoles } = await import('../roles/start.js')
  await withDemoLogs(context, load, async (begin) => {
    const { request } = await begin(logger)
    await startRoles({
      context,
      roles: new Set<Role>(['collector', 'api']),
      db,
      member: memberFrom(values),
      leaseMs: 15_000,
      request,
    })
  })
}

interface Begun<C> {
  readonly kit: DemoKit<C>
  /** A stream of the logs from their beginning. */
  readonly request: CtStreamOptions
}

/** Logs that grow while something is done. */
async function withDemoLogs<C>(
  { io: { clock } }: CommandContext,
  load: () => Promise<DemoKit<C>>,
  work: (begin: (logger: Logger) => Promise<Begun<C>>) => Promise<void>,
): Promise<void> {
  const over = new AbortController()
  const logs: DemoLog<C>[] = []
  let growing = Promise.resolve()
  try {
    await work(async (logger) => {
      const kit = await load()
      for (const kind of kinds)
        logs.push(await kit.createTestLog({ kind, description: `Demo ${kind} log`, operator: OPERATOR }))
      const now = clock.now()
      const source = kit.issueCertificates(Number.POSITIVE_INFINITY, { seed: String(now), notBefore: new Date(now) })
      growing = keepGrowing({ logs, issue: (n) => take(source, n), clock, signal: over.signal }).catch((error) =>
        logger.error('the logs of the demo stopped growing', { error }),
      )
      // These logs are local, so frequent requests, also for partial tiles, burden nobody.
      const pace = { pollIntervalMs: POLL_INTERVAL_MS, partialTileDelayMs: 0 }
      return { kit, request: { logs: logs.map((log) => log.spec), start: 'beginning', ...pace } }
    })
  } finally {
    over.abort()
    await growing
    await Promise.all(logs.map((log) => log.close()))
  }
}

function take<C>(source: Iterator<C>, count: number): C[] {
  return Array.from({ length: count }, () => source.next()).flatMap(({ done, value }) => (done ? [] : [value]))
}
