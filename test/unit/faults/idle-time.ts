import type { FaultyNetwork } from '../../support/faulty-network.js'
import { requestsDone } from '../../support/requests-in-flight.js'
import type { VirtualClock } from '../../support/virtual-clock.js'

/** An answer is parsed, proven, delivered and followed by the next request in so many turns of the event loop. */
const TURNS = 12

interface World {
  readonly clock: VirtualClock
  readonly network: Pick<FaultyNetwork, 'idle' | 'requests'>
}

/**
 * Lets time pass until `condition` holds. It passes only while nobody waits for an answer: what sockets need takes no time, and the
 * outcome does not depend on how busy the machine is.
 */
export async function passUntil(
  world: World,
  condition: () => boolean,
  atMostMs: number,
  what = condition.toString(),
): Promise<void> {
  const { clock, network } = world
  const until = clock.elapsed() + atMostMs
  for (let looks = 0; ; looks++) {
    await quiet(network)
    if (condition()) return
    const { nextIn } = clock
    // Nothing of the stream is loaded yet.
    if (nextIn === undefined && looks < 100_000) continue
    if (nextIn === undefined || clock.elapsed() + nextIn > until)
      throw new Error(`not in ${atMostMs / 1000} s: ${what}`)
    await clock.pass(nextIn)
  }
}

async function quiet(network: World['network']): Promise<void> {
  for (let turn = 0, seen = -1; turn < TURNS; turn++) {
    await network.idle()
    await requestsDone()
    if (network.requests !== seen) turn = 0
    seen = network.requests
    await new Promise((resolve) => setImmediate(resolve))
  }
}
