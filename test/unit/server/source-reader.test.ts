import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { MemoryBacklog } from '../../../src/server/backlog.js'
import type { ServedPage } from '../../../src/server/served-page.js'
import { readSource } from '../../../src/server/source-reader.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { PageSource, pagesOf } from '../../support/acknowledged-source.js'
import { logNamed, madeCertificates } from '../../support/module-certificates.js'
import { VirtualClock } from '../../support/virtual-clock.js'

function reading(source: PageSource, backlog = new MemoryBacklog()) {
  const clock = new VirtualClock()
  const over = new AbortController()
  const pages: ServedPage[] = []
  const done = readSource({ source, backlog, clock, signal: over.signal, publish: (page) => pages.push(page) })
  return { clock, over, pages, done }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await setImmediate()
}

/** A certificate of a log that does not serve its issuers. */
function withoutIssuers(certificate: CtCertificate): CtCertificate {
  return new Proxy(certificate, {
    get: (target, key) => (key === 'chain' ? () => new Promise(() => {}) : Reflect.get(target, key, target)),
  })
}

describe('reading for a server', () => {
  it('keeps each entry, then sends it, then acknowledges it', async () => {
    const certificates = madeCertificates(3)
    const source = new PageSource([certificates])
    const backlog = new MemoryBacklog()
    const steps: string[] = []
    const add = backlog.add.bind(backlog)
    backlog.add = async (entries) => {
      expect(source.position(certificates[0])).toBe(0)
      steps.push('kept')
      return add(entries)
    }
    await readSource({
      source,
      backlog,
      clock: new VirtualClock(),
      signal: new AbortController().signal,
      publish: () => {
        expect(source.position(certificates[0])).toBe(0)
        steps.push('sent')
      },
    })
    expect(steps).toEqual(['kept', 'sent'])
    expect(source.position(certificates[0])).toBe(3)
  })

  it('acknowledges no entry that could not be kept', async () => {
    const certificates = madeCertificates(3)
    const source = new PageSource([certificates])
    const backlog = new MemoryBacklog()
    backlog.add = () => Promise.reject(new Error('the disk is full'))
    const { done, pages } = reading(source, backlog)
    await expect(done).rejects.toThrow('the disk is full')
    expect([source.position(certificates[0]), pages]).toEqual([0, []])
  })

  it('makes pages of one log, of 128 entries at most', async () => {
    const [one, other] = [madeCertificates(300), madeCertificates(5, { log: logNamed('other') })]
    const { done, pages } = reading(new PageSource([[...one, ...other]]))
    await done
    expect(pages.map(({ first, entries }) => [first, entries.length])).toEqual([
      [1, 128],
      [129, 128],
      [257, 44],
      [301, 5],
    ])
  })

  it('does not number again the entries that an earlier run has kept', async () => {
    const backlog = new MemoryBacklog()
    Object.assign(backlog, { has: (_: string, index: number) => index < 2 })
    const { done, pages } = reading(new PageSource([madeCertificates(2), madeCertificates(4)]), backlog)
    await done
    expect(pages.map(({ entries }) => entries.map(({ index }) => index))).toEqual([[2, 3]])
  })

  it('waits a while for issuers, and ever shorter for a log that does not serve them', async () => {
    const [slow, quick] = [madeCertificates(3).map(withoutIssuers), madeCertificates(1, { log: logNamed('quick') })]
    const source = new PageSource([slow.slice(0, 1), slow.slice(1, 2), quick, slow.slice(2)])
    const { done, pages, clock } = reading(source)
    await settle()
    expect(pages).toEqual([])
    await clock.pass(5000)
    expect(pages.map(({ entries }) => entries[0]?.issuers)).toEqual([undefined])
    await clock.pass(2500)
    await settle()
    expect(pages).toHaveLength(3)
    expect(pages[2]?.entries[0]?.issuers).toHaveLength((await (quick[0] as CtCertificate).chain()).length)
    await clock.pass(1250)
    await done
    expect(pages).toHaveLength(4)
    expect(clock.nextIn).toBeUndefined()
  })

  it('is held up no more than some seconds a minute by a log that keeps the issuers of every other page back', async () => {
    const pages = pagesOf(madeCertificates(400), 1)
    const source = new PageSource(pages.map((page, i) => (i % 2 === 0 ? page.map(withoutIssuers) : page)))
    const { done, clock, pages: read } = reading(source)
    // With five seconds for each that waits, a quarter of an hour.
    await clock.pass(20_000)
    expect(read).toHaveLength(400)
    await done
  })

  it('waits for the issuers of a log again after a while', async () => {
    const slow = madeCertificates(12).map(withoutIssuers)
    const source = new PageSource(pagesOf(slow.slice(0, 11), 1), { staysOpen: true })
    const { pages, clock } = reading(source)
    await clock.pass(20_000)
    expect(pages).toHaveLength(11)
    expect(clock.slept.at(-1)).toBe(10)
    await clock.pass(60_000)
    source.add(slow.slice(11))
    await settle()
    expect(clock.nextIn).toBeGreaterThan(2500)
    await clock.pass(5000)
    expect(pages).toHaveLength(12)
  })

  it('leaves entries that wait for their issuers unacknowledged when the server is closed', async () => {
    const certificates = madeCertificates(1)
    const source = new PageSource([certificates.map(withoutIssuers)])
    const { done, over, pages } = reading(source)
    await settle()
    over.abort()
    await done
    expect([pages, source.position(certificates[0])]).toEqual([[], 0])
  })
})
