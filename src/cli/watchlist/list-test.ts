import { CtStreamError } from '../../errors.js'
import type { CtStreamOptions } from '../../types/stream.js'
import { harmless } from '../../util/harmless.js'
import type { Watchlist } from '../../watchlist/watchlist.js'
import type { CommandContext } from '../command.js'
import { Output } from '../terminal/output.js'
import type { WatchRequest } from './request.js'
import { compiledRules } from './rules.js'
import { watchedStream } from './run.js'
import { VolumeCounter } from './volume.js'
import { volumeText } from './volume-text.js'

const DEFAULT_SAMPLE = 20_000
/** How far back newer certificates begin. */
const RECENT_MS = 600_000
/** A log that does not answer is done without, after so long. */
const PATIENCE_MS = 15_000

/**
 * `ct-stream watch test LIST`: what in the rules may be too broad, and how many alerts they would make of certificates that the logs have
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
    // Whether one more or less of the older ones is among them does not matter here.
    mergeDelayMs: 0,
    endPatienceMs: PATIENCE_MS,
    ...(await watchedStream(context)),
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
    // Some logs may not have answered; what the others have is a sample as well.
    if (!CtStreamError.is(error) || error.code === 'CT_OPTION_INVALID') throw error
    if (read === 0) return `no estimate: the logs cannot be read: ${harmless(error.message)}\n`
  }
  return read === 0
    ? 'no estimate: these logs have no certificates of late; say --start 1h or so\n'
    : volumeText(counter.volume())
}
