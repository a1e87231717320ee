import { mayShareReads } from '../../src/http/shared-reads-check.js'
import { undiciParts } from '../../src/http/undici-parts.js'
import { TestClock } from '../../src/module-testing/test-clock.js'
import { requestsDone } from './requests-in-flight.js'

/** What the first request of a process waits for. It took up to a second on a busy machine, in which hours of this clock went by. */
const transport = Promise.all([undiciParts(), mayShareReads()])

/** Time that passes only when everybody sleeps and no request is under way: sleepers wake in order, hours pass in milliseconds. */
export class VirtualClock extends TestClock {
  /** Every sleep asked for, milliseconds. */
  readonly slept: number[] = []

  protected override async settle(): Promise<void> {
    await transport
    await settled()
    await requestsDone()
  }

  protected override onSleep(ms: number): void {
    this.slept.push(ms)
  }
}

/** Everything that needs no time is done. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
