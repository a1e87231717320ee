import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Format } from '../../../../src/cli/formats/format.js'
import { PageFormatter } from '../../../../src/cli/formats/format-page.js'
import type { CtCertificate } from '../../../../src/types/certificate.js'
import { certificate } from '../sample-certificate.js'

const page = Array.from({ length: 50 }, (_, index) => certificate({ index }))
const lines = page.map(({ index }) => `${index}\n`).join('')

/** A format that fetches; time passes when `wake` is called. */
function setup(fetch: (cert: CtCertificate) => Promise<unknown>) {
  const format: Format = Object.assign((cert: CtCertificate) => `${cert.index}\n`, { fetch })
  const stop = new AbortController()
  const naps: { ms: number; wake: () => void }[] = []
  const clock = {
    now: () => 0,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((wake, fail) => {
        naps.push({ ms, wake })
        signal?.addEventListener('abort', () => fail(signal.reason), { once: true })
      }),
  }
  const missing: [number, string][] = []
  const onMissing = (cert: CtCertificate, error: unknown) => missing.push([cert.index, (error as Error).message])
  const pages = new PageFormatter({ format, clock, stop: stop.signal, onMissing })
  return { done: pages.textOf(page), again: () => pages.textOf(page), stop, naps, missing }
}

describe('a page of a format that fetches', () => {
  it('is written when all is there, a few at a time', async () => {
    let [running, most] = [0, 0]
    const { done, missing } = setup(async () => {
      most = Math.max(most, ++running)
      await turn()
      running--
    })
    expect(await done).toBe(lines)
    expect([most, running, missing]).toEqual([8, 0, []])
  })

  it('loses no line to what cannot be fetched, and tells of it', async () => {
    const { done, missing } = setup(async ({ index }) => {
      if (index % 10 === 3) throw new Error('404')
    })
    expect(await done).toBe(lines)
    expect(missing).toEqual([3, 13, 23, 33, 43].map((index) => [index, '404']))
  })

  it('does not wait for ever', async () => {
    const { done, again, naps, missing } = setup(({ index }) => (index < 8 ? new Promise(() => {}) : Promise.resolve()))
    await turn()
    expect(naps.map(({ ms }) => ms)).toEqual([10_000])
    naps[0]?.wake()
    expect(await done).toBe(lines)
    expect(missing).toHaveLength(page.length)
    expect(missing[0]).toEqual([0, 'not there after 10 s'])
    for (let i = 1; i < 8; i++) {
      const next = again()
      naps.at(-1)?.wake()
      expect(await next).toBe(lines)
    }
    expect(naps.map(({ ms }) => ms)).toEqual([10_000, 5000, 2500, 1250, 625, 312.5, 250, 250])
  })

  it('is not written when it is stopped meanwhile', async () => {
    const { done, stop, missing } = setup(() => new Promise(() => {}))
    await turn()
    stop.abort()
    expect(await done).toBeUndefined()
    expect(missing).toEqual([])
  })
})
