import { TestClock } from '../../src/module-testing/test-clock.js'
import { requestsDone } from './requests-in-flight.js'

/** Time that passes only when everybody sleeps and no request is under way: sleepers wake in order, hours pass in milliseconds. */
export class VirtualClock extends TestClock {
  /** Every sleep asked for, milliseconds. */
  readonly slept: number[] = []

  protected override async settle(): Promise<void> {
    await settled()
    await requestsDone()
  }

  protected override onSleep(ms: number): void {
    this.slept.push(ms)
  }
}

/** Everything that needs no time is done. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
