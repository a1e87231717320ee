import { CtStreamError } from '../../errors.js'
import type { CtStreamOptions } from '../../types/stream-options.js'
import { harmless } from '../../util/harmless.js'
import type { Watchlist } from '../../watchlist/watchlist.js'
import { askedStream } from '../asked-stream.js'
import type { CommandContext } from '../command.js'
import { Output } from '../terminal/output.js'
import type { WatchRequest } from './request.js'
import { compiledRules } from './rules.js'
import { VolumeCounter } from './volume.js'
import { volumeText } from './volume-text.js'

const DEFAULT_SAMPLE = 20_000
/** How far back newer certificates begin. */
const RECENT_MS = 600_000
/** How long to wait for a log that does not answer, milliseconds. */
const PATIENCE_MS = 15_000

/**
 * `ct-stream watch test LIST`: shows rules that may be too broad, and how many alerts they would cause for certificates that are in the logs
 * now.
 */
export async function testLists(context: CommandContext, { rules }: WatchRequest): Promise<void> {
  const { io, values } = context
  const size = values.integer('sample', 0, 10_000_000) ?? DEFAULT_SAMPLE
  const watchlist = await compiledRules(rules, context)
  const output = new Output(io.stdout)
  const warnings = watchlist.warnings.map((warning) => `too broad? ${harmless(warning)}\n`)
  await output.write(warnings.length > 0 ? warnings.join('') : 'no rule is too broad by itself\n')
  if (size === 0) return
  const least = rules.lookalikeScore ?? 60
  const options: CtStreamOptions = {
    start: { time: new Date(io.clock.now() - RECENT_MS) },
    // A short merge delay will do, because a few missing or extra old entries do not matter here.
    mergeDelayMs: 0,
    endPatienceMs: PATIENCE_MS,
    ...(await askedStream(context)),
    ...{ end: 'head', checkpoint: false },
  }
  await output.write(await estimate(watchlist, least, options, size, io.stop))
}

async function estimate(
  watchlist: Watchlist,
  least: number,
  options: CtStreamOptions,
  size: number,
  stop: AbortSignal,
): Promise<string> {
  const counter = new VolumeCounter(watchlist, ({ class: kind, score }) => kind !== 'lookalike' || score >= least)
  const { ctStream } = await import('../../stream/ct-stream.js')
  let read = 0
  try {
    const stream = ctStream({ ...options, signal: stop })
    for await (const certificate of stream) {
      counter.add(certificate)
      if (++read === size) break
    }
  } catch (error) {
    stop.throwIfAborted()
    // Some logs may not have answered; the others suffice as a sample.
    if (!CtStreamError.is(error) || error.code === 'CT_OPTION_INVALID') throw error
    if (read === 0) return `no estimate: the logs cannot be read: ${harmless(error.message)}\n`
  }
  return read === 0
    ? 'no estimate: these logs have no certificates of late; say --start 1h or so\n'
    : volumeText(counter.volume())
}
