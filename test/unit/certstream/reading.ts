import { onTestFinished } from 'vitest'
import { type CertStream, certStream } from '../../../src/certstream/cert-stream.js'
import type { CertStreamEvents } from '../../../src/certstream/events.js'
import type { CertStreamOptions } from '../../../src/certstream/options.js'
import { TestClock } from '../../../src/module-testing/test-clock.js'

/** A stream on a clock that stands still, closed at the end of the test. */
export function streamOf(options: CertStreamOptions): { stream: CertStream; clock: TestClock } {
  const clock = new TestClock()
  const stream = certStream({ clock, random: () => 0, ...options })
  onTestFinished(() => stream.close())
  return { stream, clock }
}

/** The names of the next certificates, one a certificate. */
export async function take(
  stream: AsyncIterator<{ readonly dnsNames: readonly string[] }>,
  n: number,
): Promise<string[]> {
  const names: string[] = []
  for (let i = 0; i < n; i++) {
    const { done, value } = await stream.next()
    if (done) throw new Error(`ended after ${i}`)
    names.push(`${value.dnsNames}`)
  }
  return names
}

export function next<K extends keyof CertStreamEvents>(stream: CertStream, event: K): Promise<CertStreamEvents[K]> {
  return new Promise((resolve) => stream.once(event, resolve))
}

/** Lets time pass until something happened, step by step: sockets take their own time. */
export async function passUntil<T>(clock: TestClock, promise: Promise<T>, stepMs: number): Promise<T> {
  let isDone = false
  const done = promise.finally(() => {
    isDone = true
  })
  while (!isDone) await clock.pass(stepMs)
  return done
}
