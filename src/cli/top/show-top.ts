import { setImmediate } from 'node:timers/promises'
import { CtStreamError } from '../../errors.js'
import type { Logger } from '../../types/clock.js'
import type { StreamStatus } from '../../types/stream-status.js'
import type { CliIo } from '../io.js'
import { reportLine } from '../terminal/report.js'
import { summaryText } from '../terminal/status-text.js'
import { styleFor } from '../terminal/style.js'
import { frameOf, pageRows } from './frame.js'
import { RateHistory } from './rate-history.js'
import { Screen } from './screen.js'
import { firstView, pressed, rowsOf } from './view.js'

/** Interval between two updates, milliseconds. */
const EVERY_MS = 1000
/** How long a message stays, milliseconds. */
const MESSAGE_MS = 30_000

export interface TopOptions {
  readonly io: CliIo
  /** @param over - Aborts when the screen is left. */
  readonly open: (logger: Logger, over: AbortSignal) => Promise<ShownSource>
}

/** The source of the screen. */
export interface ShownSource {
  batches(): AsyncIterable<unknown>
  /** Acknowledges what was read. */
  acknowledge(): void
  status(): StreamStatus
  close(): Promise<void>
  /** Text in place of the logs until there are any. */
  readonly beginning: string
}

/** Reads a stream only for its status, and shows that on the whole terminal until the user leaves or the stream ends. */
export async function showTop({ io, open }: TopOptions): Promise<void> {
  const { clock } = io
  const elapsed = () => clock.elapsed?.() ?? clock.now()
  let [message, messageAt]: [string | undefined, number] = [undefined, 0]
  const say = (text: string, context?: Record<string, unknown>) => {
    message = reportLine(text, context)
    messageAt = elapsed()
  }
  const logger: Logger = { debug: () => {}, info: () => {}, warn: say, error: say }
  const over = new AbortController()
  const stream = await open(logger, over.signal)
  const leave = () => over.abort()
  const history = new RateHistory()
  const style = styleFor(io.stdout, io.env)
  let view = firstView
  let status = stream.status()
  const draw = () =>
    screen.draw(
      frameOf({
        ...{ status, history, view, style, message, beginning: stream.beginning },
        ...{ columns: screen.columns, lines: screen.lines },
      }),
    )
  const screen = new Screen({
    stdin: io.stdin,
    stdout: io.stdout,
    onResize: draw,
    onKey: (key) => {
      const extent = { page: pageRows(screen.lines), rows: rowsOf(status.logs, view).length }
      const next = pressed(view, key, extent)
      if (next === undefined) return leave()
      view = next
      draw()
    },
  })
  io.stop.addEventListener('abort', leave, { once: true })
  over.signal.addEventListener('abort', () => stream.close().catch(() => {}), { once: true })
  if (io.stop.aborted) leave()
  screen.open()
  const looking = (async () => {
    while (!over.signal.aborted) {
      // A paused screen keeps counting.
      const now = stream.status()
      history.add(now, elapsed())
      if (!view.isPaused) status = now
      if (elapsed() - messageAt > MESSAGE_MS) message = undefined
      if (!view.isPaused) draw()
      await clock.sleep(EVERY_MS, over.signal).catch(() => {})
      await setImmediate()
    }
  })()
  try {
    for await (const _ of stream.batches()) stream.acknowledge()
  } catch (error) {
    if (!(over.signal.aborted && CtStreamError.is(error) && error.code === 'CT_CLOSED')) throw error
  } finally {
    over.abort()
    io.stop.removeEventListener('abort', leave)
    await looking
    await stream.close()
    screen.close()
  }
  io.stdout.write(`${style.dim(summaryText(stream.status()))}\n`)
}
