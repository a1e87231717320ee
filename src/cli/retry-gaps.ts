import { openPieces } from '../checkpoint/open-gaps.js'
import { SqliteCheckpointStore } from '../checkpoint/sqlite.js'
import { CtStreamError } from '../errors.js'
import { specOf } from '../logs/listed-log.js'
import { type CtStream, ctStream } from '../stream/ct-stream.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Gap } from '../types/checkpoint.js'
import type { Logger } from '../types/clock.js'
import type { LogSpec } from '../types/log.js'
import { LogKey } from '../wire/head-signature.js'
import { openExisting } from './checkpoint-file.js'
import type { CommandContext } from './command.js'
import { specsFor } from './flags/log-sources.js'
import { proxyFrom } from './flags/proxy.js'
import { streamRequest } from './flags/stream-options.js'
import { readListedLogs, transportFrom } from './listed-logs.js'
import { type ShownStream, type Surroundings, showStream } from './show-stream.js'
import { Output } from './terminal/output.js'
import { commandLine, commandLogger } from './terminal/report.js'
import { throughModules } from './through-modules.js'

/**
 * Fetches missing entries, log by log and in order, by a separate stream over exactly these entries, which proves them like all others.
 * Settles them as the output takes them, page by page, or as modules are finished with them: an interrupted run continues where it was.
 *
 * @throws {@link CtStreamError} `CT_INCOMPLETE` when something is still missing; `CT_CHECKPOINT_CONFLICT` while a stream uses
 * the file. The reason of `io.stop` when it aborts before the end.
 */
export async function retryGaps(context: CommandContext, path: string): Promise<void> {
  const { io } = context
  const missing = await missingLogs(path)
  if (missing.size === 0) {
    await new Output(io.stderr).write(commandLine(context, 'info', 'nothing is missing'))
    return
  }
  const consume = await throughModules(context)
  const specs = await specsById(context, missing)
  const store = new SqliteCheckpointStore(path)
  await store.open()
  try {
    const rows = new Map(store.load().map((row) => [row.log.id, row]))
    const failures: string[] = []
    for (const gap of store.gaps()) {
      const spec = specs.get(gap.log.id)
      for (const piece of openPieces(gap, rows.get(gap.log.id))) {
        const outcome =
          spec === undefined
            ? whereIs(piece)
            : await retry(piece, spec, { context, consume, settle: (to) => store.settleGap(gap, to) })
        if (outcome === 'stopped') return io.stop.throwIfAborted()
        // Delivered entries of a gap are recorded only from its beginning on, so nothing after a piece that is still missing can be settled.
        if (outcome !== undefined) failures.push(outcome)
        if (outcome !== undefined) break
      }
    }
    if (failures.length > 0)
      throw new CtStreamError('CT_INCOMPLETE', `some entries are still missing: ${failures.join('; ')}`)
  } finally {
    store.close()
  }
}

async function missingLogs(path: string): Promise<ReadonlySet<string>> {
  const store = await openExisting(path)
  try {
    const rows = new Map(store.load().map((row) => [row.log.id, row]))
    const open = store.gaps().filter((gap) => openPieces(gap, rows.get(gap.log.id)).length > 0)
    return new Set(open.map(({ log }) => log.id))
  } finally {
    store.close()
  }
}

/** The description of each log, from the flags or the lists, whatever its state in the lists. */
async function specsById(context: CommandContext, missing: ReadonlySet<string>): Promise<ReadonlyMap<string, LogSpec>> {
  const given = new Map(((await specsFor(context)) ?? []).map((spec) => [new LogKey(spec.key).id, spec]))
  if (given.size > 0) return given
  const transport = await transportFrom(context)
  try {
    const logger = commandLogger(context)
    const { listed } = await readListedLogs(context, transport, logger)
    return new Map([...listed.values()].filter(({ id }) => missing.has(id)).map((log) => [log.id, specOf(log)]))
  } finally {
    await transport.close()
  }
}

interface RetryOptions {
  readonly context: CommandContext
  /** Gives a stream to the modules; `undefined` when there are none. */
  readonly consume: ((stream: NotedStream, surroundings: Surroundings) => Promise<void>) | undefined
  /** Everything before this index was delivered. */
  readonly settle: (delivered: number) => void
}

/** @returns `undefined` when all of it was delivered, else the reason; `'stopped'` when the user or the reader ended it. */
async function retry(
  piece: Gap,
  spec: LogSpec,
  { context, consume, settle }: RetryOptions,
): Promise<string | undefined> {
  const { io, values } = context
  const { contact, allowHttp, endPatienceMs } = streamRequest(values, { now: io.clock.now(), specs: [spec] })
  const dispatcher = await proxyFrom(values, io.env)
  const { start, end } = piece
  let delivered = start
  /** Up to where it was read when the stream ended. */
  let read: number | undefined
  const noted: Noted = {
    onDelivered: (to) => {
      if (to <= delivered) return
      delivered = to
      settle(to)
    },
    onEnd: (to = start) => {
      read = to
    },
  }
  let stream: NotedStream | undefined
  const open = async (logger: Logger) => {
    const until = end === undefined ? 'head' : { index: end }
    const range = { logs: [spec], start: { index: start }, end: until, checkpoint: false } as const
    const through = dispatcher !== undefined && { dispatcher }
    const acknowledge = consume === undefined ? 'automatic' : 'manual'
    stream = noting(ctStream({ ...range, ...through, acknowledge, contact, allowHttp, endPatienceMs, logger }), noted)
    return stream
  }
  try {
    await showStream({ context, open, consume, end: 'head' })
  } catch (error) {
    if (!CtStreamError.is(error) || error.code !== 'CT_INCOMPLETE') throw error
    return `${nameOf({ ...piece, start: delivered })} (${error.message})`
  }
  if (end !== undefined && delivered >= end) return told(context, piece)
  if (read === undefined || delivered < read || io.stop.aborted) return 'stopped'
  const { headSize = 0 } = stream?.status().logs[0] ?? {}
  if (end !== undefined || headSize < start)
    return `${nameOf({ ...piece, start: delivered })} (the log has ${headSize} entries)`
  settle(Number.MAX_SAFE_INTEGER)
  return told(context, { ...piece, end: Math.max(delivered, headSize) })
}

interface Noted {
  /** Everything before this index was written. */
  readonly onDelivered: (to: number) => void
  /** There is nothing more to write: nothing from this index on, where there was anything. */
  readonly onEnd: (to: number | undefined) => void
}

type NotedStream = ShownStream &
  Pick<CtStream, 'acknowledgement'> & { batches(): AsyncIterableIterator<readonly CtCertificate[]> }

/** The stream, with a count of what was written and acknowledged. */
function noting(stream: NotedStream, { onDelivered, onEnd }: Noted): NotedStream {
  let last: CtCertificate | undefined
  return {
    acknowledgement: stream.acknowledgement,
    status: () => stream.status(),
    on: (event, listener) => stream.on(event, listener),
    close: () => stream.close(),
    async *[Symbol.asyncIterator]() {
      for await (const certificate of stream) {
        last = certificate
        yield certificate
      }
      onEnd(last && last.index + 1)
    },
    async *batches() {
      for await (const page of stream.batches()) {
        last = page.at(-1) ?? last
        yield page
      }
      onEnd(last && last.index + 1)
    },
    acknowledge: (...certificate) => {
      stream.acknowledge(...certificate)
      const [to = last] = certificate
      if (to !== undefined) onDelivered(to.index + 1)
    },
  }
}

function told(context: CommandContext, piece: Gap): undefined {
  const { io, values } = context
  if (!values.switch('quiet')) io.stderr.write(commandLine(context, 'info', `delivered: ${nameOf(piece)}`))
}

function whereIs(piece: Gap): string {
  return `${nameOf(piece)} (no list at hand names the log: name it with --log and --key)`
}

function nameOf({ log, start, end }: Gap): string {
  return `${log.description}: entries from ${start}${end === undefined ? '' : ` to ${end - 1}`}`
}
