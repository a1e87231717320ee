import { describe, expect, it, vi } from 'vitest'
import type { QueueClaim, QueuedEntry, QueuedPage, QueueEngine } from '../../../src/processors/engine.js'
import { EngineSource } from '../../../src/processors/engine-source.js'
import { sourceSettings } from '../../../src/processors/source-settings.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { LogInfo } from '../../../src/types/log.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const log: LogInfo = { id: 'a', description: 'a', operator: 'a', kind: 'rfc6962', url: 'https://a.example/' }
const never = () => new Promise<never>(() => {})

/** An engine with pages of ten entries of one log. */
function engineOf(pages: number, parts: Partial<QueueEngine> = {}) {
  const claim: QueueClaim = { log, mark: { epoch: 0, next: 0 } }
  const stored: number[] = []
  let first = 0
  const page = (): QueuedPage => {
    const entries = Array.from({ length: 10 }, (_, i): QueuedEntry => {
      const certificate = { log, index: first + i } as CtCertificate
      return { kind: 'certificate', epoch: 1, certificate }
    })
    first += 10
    return { kind: 'page', claim, entries, end: first, missing: [], head: first }
  }
  const engine: QueueEngine = {
    claims: [claim],
    open: async () => {},
    next: async () => (first < 10 * pages ? page() : undefined),
    store: async (marks) => {
      for (const [, { next }] of marks) stored.push(next)
      return []
    },
    park: never,
    settle: never,
    addGap: never,
    close: vi.fn(async () => {}),
    ...parts,
  }
  return { engine, stored }
}

function gate() {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open }
}

const sourceOf = (engine: QueueEngine, clock = new VirtualClock()) =>
  new EngineSource(engine, sourceSettings({ group: 'g', leaseMs: 30_000, clock }))

describe('a queue source', () => {
  it('is closed, and says what is not stored, when its engine gives no answer', async () => {
    const clock = new VirtualClock()
    const { engine } = engineOf(1, { store: never })
    const source = sourceOf(engine, clock)
    const { value } = await source.batches().next()
    source.acknowledge(value?.[0] as CtCertificate)
    const closed = source.close()
    closed.catch(() => {})
    await clock.pass(29_000)
    expect(engine.close).not.toHaveBeenCalled()
    await clock.pass(2_000)
    expect(engine.close).toHaveBeenCalled()
    await expect(closed).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      message: expect.stringContaining('what was acknowledged last is not stored'),
    })
  })

  it('that is closed while its engine is opened is closed at once, and what is opened later, too', async () => {
    let arrive = () => {}
    const { engine } = engineOf(1, { open: () => new Promise((resolve) => (arrive = resolve)) })
    const source = sourceOf(engine)
    const reading = source.batches().next()
    await source.close()
    expect(engine.close).toHaveBeenCalledOnce()
    arrive()
    expect(await reading).toEqual({ done: true, value: undefined })
    await vi.waitFor(() => expect(engine.close).toHaveBeenCalledTimes(2))
  })

  it('that is closed while its engine is opened just ends, also where the engine says that it is closed', async () => {
    let refuse = (_error: Error) => {}
    const { engine } = engineOf(1, { open: () => new Promise((_, reject) => (refuse = reject)) })
    const source = sourceOf(engine)
    const reading = source.batches().next()
    await source.close()
    refuse(new Error('closed'))
    expect(await reading).toEqual({ done: true, value: undefined })
  })

  it('gives a reader that follows one which broke off what that one was not given', async () => {
    const { engine, stored } = engineOf(3)
    const source = sourceOf(engine)
    const found: number[] = []
    const take = (certificate: CtCertificate) => {
      found.push(certificate.index)
      source.acknowledge(certificate)
    }
    for (const last of [3, 12, 17])
      for await (const certificate of source) {
        take(certificate)
        if (certificate.index === last) break
      }
    for await (const page of source.batches()) for (const certificate of page) take(certificate)
    expect(found).toEqual(Array.from({ length: 30 }, (_, i) => i))
    await source.close()
    expect(stored.at(-1)).toBe(30)
  })

  it('does not pass over what it could not hand out', async () => {
    const failure = new Error('cannot be set aside')
    const { engine, stored } = engineOf(3, { park: () => Promise.reject(failure) })
    const { next } = engine
    let count = 0
    const source = sourceOf({
      ...engine,
      next: async (signal) => {
        const page = await next(signal)
        if (page?.kind !== 'page' || count++ !== 1) return page
        return { ...page, entries: [{ kind: 'refused', index: 10, reason: 'torn', body: new Uint8Array() }] }
      },
    })
    const read = async () => {
      for await (const page of source.batches()) for (const certificate of page) source.acknowledge(certificate)
    }
    await expect(read()).rejects.toBe(failure)
    await expect(read()).rejects.toBe(failure)
    await source.commit()
    expect(stored.at(-1)).toBe(10)
  })

  it('refuses effects for an entry that is already acknowledged: they would be left out', async () => {
    const effects: number[] = []
    const { engine } = engineOf(1, { finishWith: async (_, run) => run(never) })
    const source = sourceOf(engine)
    const { value: page = [] } = await source.batches().next()
    const finish = (at: number) => source.finishWith(page[at] as CtCertificate, async () => void effects.push(at))
    const refusal = { code: 'CT_MODULE_INVALID', message: expect.stringContaining('already acknowledged') }
    await finish(4)
    await expect(finish(2)).rejects.toMatchObject(refusal)
    // Also where the first is not through yet.
    const later = finish(8)
    await expect(finish(6)).rejects.toMatchObject(refusal)
    await later
    source.acknowledge(page[9] as CtCertificate)
    await expect(finish(9)).rejects.toMatchObject(refusal)
    expect(effects).toEqual([4, 8])
  })

  it('has effects once for a module that is called again, and none for one that entries do not wait for alone', async () => {
    const effects: number[] = []
    const { engine } = engineOf(1, { finishWith: async (_, run) => run(never) })
    const source = sourceOf(engine)
    const { value: page = [] } = await source.batches().next()
    const finish = (at: number, isAloneInOrder: boolean) =>
      source.callFor({ name: 'rows', isAloneInOrder }, async () => {
        // What a handler does later is its own, too.
        await Promise.resolve()
        await source.finishWith(page[at] as CtCertificate, async () => void effects.push(at))
      })
    await expect(finish(9, false)).rejects.toMatchObject({ code: 'CT_MODULE_INVALID' })
    for (const at of [9, 9, 3]) await finish(at, true)
    expect(effects).toEqual([9])
  })

  it('leaves no effects out of one call: those of an entry behind which the same call is are refused', async () => {
    const effects: number[] = []
    const { engine } = engineOf(1, { finishWith: async (_, run) => run(never) })
    const source = sourceOf(engine)
    const { value: page = [] } = await source.batches().next()
    const finish = (at: number) => source.finishWith(page[at] as CtCertificate, async () => void effects.push(at))
    const inCall = (work: () => Promise<unknown>) => source.callFor({ name: 'rows', isAloneInOrder: true }, work)
    const refused = { code: 'CT_MODULE_INVALID', message: expect.stringContaining('already acknowledged') }
    // Lookups that overtake each other.
    await expect(inCall(() => Promise.all([finish(5), finish(3)]))).rejects.toMatchObject(refused)
    await expect(inCall(() => Promise.all([finish(6), finish(6)]))).rejects.toMatchObject(refused)
    // The module is called again with all of the page.
    await inCall(async () => {
      for (let at = 0; at < 10; at++) await finish(at)
    })
    expect(effects).toEqual([5, 6, 7, 8, 9])
  })

  it('sets nothing aside whose effects come while it is about to, and begins none for a call that is given up', async () => {
    const effects: (number | string)[] = []
    const parked: unknown[] = []
    let committed = gate()
    const { engine } = engineOf(1, {
      finishWith: async (_, run) => {
        await committed.passed
        await run(never)
      },
      park: async (items) => parked.push(...items.map(({ index, key }) => key ?? index)),
    })
    const { next } = engine
    const replays = [
      { kind: 'replay', key: 'k', entry: { kind: 'certificate', epoch: 0, certificate: { log, index: 99 } } },
    ]
    const source = sourceOf({ ...engine, next: async (signal) => (replays.shift() as never) ?? (await next(signal)) })
    const pages = source.batches()
    const { value: replayed = [] } = await pages.next()
    const { value: page = [] } = await pages.next()
    const call = { name: 'rows', isAloneInOrder: true, isGivenUp: false }
    for (const certificate of [...replayed, page[4] as CtCertificate]) {
      const { index } = certificate
      committed = gate()
      const finish = () => source.finishWith(certificate, async () => void effects.push(index))
      const first = source.callFor(call, finish)
      const aside = source.callFor(call, () => source.park(certificate, { by: 'rows', message: 'late' }))
      committed.open()
      await Promise.all([first, aside])
      // Called once more.
      await source.callFor({ ...call }, finish)
    }
    expect([effects, parked]).toEqual([[99, 4], []])
    const late = { ...call, isGivenUp: true }
    const begin = () => source.finishWith(page[7] as CtCertificate, async () => void effects.push(7))
    await expect(source.callFor(late, begin)).rejects.toMatchObject({ code: 'CT_MODULE_FAILED' })
    await source.callFor(call, () => source.park(page[7] as CtCertificate, { by: 'rows', message: 'late' }))
    expect([effects, parked]).toEqual([[99, 4], [7]])
  })

  it('counts as set aside what its engine has set aside, not what it has left to another processor', async () => {
    const counts = [0, 1]
    const { engine } = engineOf(1, { park: async () => counts.shift() ?? 0 })
    const source = sourceOf(engine)
    const { value: page = [] } = await source.batches().next()
    for (const certificate of page.slice(0, 2)) await source.park(certificate, { by: 'rows', message: 'no' })
    expect(source.status().parked).toBe(1)
  })

  it('replays what only its log has by a refill, and sets it aside again where that does not have it', async () => {
    const replays = ['one', 'two'].map((key) => ({
      ...{ kind: 'replay', key },
      entry: { kind: 'omitted', epoch: 0, index: 7, log },
    }))
    const parked: unknown[] = []
    const settled: string[] = []
    const { engine } = engineOf(0, {
      next: async () => replays.shift() as never,
      park: async (items) => parked.push(...items),
      settle: async (key) => void settled.push(key),
    })
    const asked: unknown[] = []
    const certificate = { log, index: 7 } as CtCertificate
    const refill = async function* ({ start, end }: { start: number; end: number }) {
      asked.push([start, end])
      if (asked.length === 2) throw new Error('the log is away')
      yield certificate
    }
    const source = new EngineSource(engine, sourceSettings({ group: 'g', clock: new VirtualClock(), refill }))
    for await (const page of source.batches()) {
      expect(page).toEqual([certificate])
      source.acknowledge(certificate)
    }
    await source.commit()
    expect(asked).toEqual([
      [7, 8],
      [7, 8],
    ])
    expect(settled).toEqual(['one'])
    expect(parked).toMatchObject([{ key: 'two', index: 7, logId: log.id, by: 'queue' }])
  })
})
