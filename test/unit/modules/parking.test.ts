import { describe, expect, it, vi } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import {
  type ConfiguredModule,
  defineModule,
  type Module,
  type ModuleLimits,
  runModules,
} from '../../../src/modules/index.js'
import { webhookModule } from '../../../src/outputs/webhook.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { Finding } from '../../../src/types/finding.js'
import type { ParkReason } from '../../../src/types/queue.js'
import { Notifier } from '../../../src/util/notifier.js'
import { PageSource, pagesOf } from '../../support/acknowledged-source.js'
import { steppingClock } from '../../support/fast-clock.js'
import { madeCertificates } from '../../support/module-certificates.js'

const certificates = madeCertificates(40)

/** A source that sets entries aside. */
class ParkingSource extends PageSource {
  readonly parkAfter = 3
  readonly parked: [index: number, reason: ParkReason][] = []
  readonly acknowledged: number[] = []
  refuses = false

  async park({ index }: CtCertificate, reason: ParkReason): Promise<void> {
    if (this.refuses) throw new CtStreamError('CT_SINK_FAILED', 'the disk is full')
    this.parked.push([index, reason])
  }

  override acknowledge(certificate: CtCertificate): void {
    this.acknowledged.push(certificate.index)
    super.acknowledge(certificate)
  }
}

async function run(source: ParkingSource, ...modules: (Module | ConfiguredModule)[]) {
  const made = runModules(source, modules, { clock: steppingClock(), random: () => 0.5 })
  await made.done
  return made.status()
}

const picky = (poison: readonly number[], calls: number[], limits: ModuleLimits = {}) =>
  defineModule({
    name: 'picky',
    acknowledge: true,
    limits,
    onCertificate({ index }) {
      calls.push(index)
      if (poison.includes(index)) throw new Error(`not ${index}`)
    },
  }) as Module

/** Reports each certificate; its index is the subject. */
const teller = defineModule({
  name: 'teller',
  onBatch(page, { emit }) {
    for (const certificate of page)
      emit({ kind: 'seen', subject: String(certificate.index), reason: 'seen', certificate })
  },
}) as Module

/** A webhook for ten findings a request, and what it has taken. `answer` gets their indices. */
function receiver(answer: (indices: readonly number[], request: number) => Response) {
  const taken: number[] = []
  let requests = 0
  const fetch: typeof globalThis.fetch = async (_, init) => {
    const indices = JSON.parse(String(init?.body)).findings.map(({ subject }: Finding) => Number(subject))
    const response = answer(indices, ++requests)
    if (response.ok) taken.push(...indices)
    return response
  }
  const output = webhookModule({ fetch }).with({ url: 'https://receiver.example/', maxBatch: 10 })
  return { taken, output, requests: () => requests }
}

const indicesOfParked = ({ parked }: ParkingSource) => parked.map(([index]) => index)

const indicesOf = (some: readonly CtCertificate[]) => some.map(({ index }) => index)

describe('runModules on a source that sets entries aside', () => {
  it('has aside what a handler fails on as often as the source says, and goes on', async () => {
    const source = new ParkingSource(pagesOf(certificates, 16))
    const calls: number[] = []
    const status = await run(source, picky([5, 39], calls))
    expect(source.parked).toEqual([
      [5, { by: 'picky', message: 'Error: not 5' }],
      [39, { by: 'picky', message: 'Error: not 39' }],
    ])
    expect(calls.filter((index) => index === 5)).toHaveLength(3)
    expect(source.position(certificates[0])).toBe(40)
    expect(status.modules[0]).toMatchObject({ certificates: 38, skipped: 2, queuedEntries: 0 })
  })

  it('has aside at once what a module would skip, and sooner what has fewer attempts', async () => {
    const skipping = new ParkingSource(pagesOf(certificates, 16))
    const calls: number[] = []
    await run(skipping, picky([7], calls, { onError: 'skip' }))
    expect(calls.filter((index) => index === 7)).toHaveLength(1)
    const impatient = new ParkingSource(pagesOf(certificates, 16))
    calls.length = 0
    await run(impatient, picky([7], calls, { attempts: 2 }))
    expect(calls.filter((index) => index === 7)).toHaveLength(2)
    for (const { parked } of [skipping, impatient]) expect(parked.map(([index]) => index)).toEqual([7])
  })

  it('has aside only those of a batch that fail by themselves', async () => {
    const source = new ParkingSource(pagesOf(certificates, 16))
    const done = new Set<number>()
    const status = await run(
      source,
      defineModule({
        name: 'batch',
        acknowledge: true,
        onBatch(page) {
          if (page.some(({ index }) => index === 20 || index === 25)) throw new Error('no')
          for (const { index } of page) done.add(index)
        },
      }) as Module,
    )
    expect(source.parked.map(([index]) => index)).toEqual([20, 25])
    expect(done.size).toBe(38)
    expect(status.modules[0]).toMatchObject({ certificates: 38, skipped: 2 })
  })

  it('has each that fails aside before the handler is called for the next, which may move the group on', async () => {
    const source = new ParkingSource(pagesOf(certificates, 16))
    const asideAt = new Map<number, number[]>()
    await run(
      source,
      defineModule({
        name: 'batch',
        acknowledge: true,
        onBatch(page) {
          if (page.length === 1 && page[0] !== undefined) asideAt.set(page[0].index, indicesOfParked(source))
          if (page.some(({ index }) => index === 3 || index === 9)) throw new Error('no')
        },
      }) as Module,
    )
    expect([3, 4, 9, 10].map((index) => asideAt.get(index))).toEqual([[], [3], [3], [3, 9]])
  })

  it('ends with a module that is wrong, and sets nothing aside for it', async () => {
    const wrong = () => {
      throw new CtStreamError('CT_MODULE_INVALID', 'it is used wrongly')
    }
    for (const limits of [{ onError: 'retry' }, { onError: 'skip' }] as const) {
      const source = new ParkingSource(pagesOf(certificates, 16))
      const module = defineModule({ name: 'wrong', acknowledge: true, limits, onBatch: wrong }) as Module
      await expect(run(source, module)).rejects.toMatchObject({ cause: { code: 'CT_MODULE_INVALID' } })
      expect(source.parked).toEqual([])
      expect(source.acknowledged).toEqual([])
    }
  })

  it('has aside the entries of findings that an output fails on', async () => {
    const source = new ParkingSource(pagesOf(certificates, 16))
    const reporter = defineModule({
      name: 'reporter',
      onCertificate({ index }, { emit }) {
        if (index % 10 === 3) emit({ kind: 'seen', subject: String(index), reason: 'seen' })
      },
    }) as Module
    const output = defineModule({
      name: 'output',
      acknowledge: true,
      onFinding({ subject }) {
        if (subject === '13') throw new Error('refused')
      },
    }) as Module
    await run(source, reporter, output)
    expect(source.parked).toEqual([[13, { by: 'output', message: 'Error: refused' }]])
    expect(source.position(certificates[0])).toBe(40)
  })

  it('sets aside only the findings that an output refuses, and goes on with those behind', async () => {
    const source = new ParkingSource([certificates])
    const { taken, output } = receiver((indices) => new Response('', { status: indices.includes(15) ? 400 : 200 }))
    const status = await run(source, teller, output)
    expect(source.parked.map(([index]) => index)).toEqual([15])
    expect(taken.sort((a, b) => a - b)).toEqual(indicesOf(certificates).filter((index) => index !== 15))
    expect(source.position(certificates[0])).toBe(40)
    expect(status.modules[1]).toMatchObject({ findings: 39, skipped: 1, queuedEntries: 0 })
  })

  it('does the same for a handler that takes all of them at once', async () => {
    const source = new ParkingSource([certificates])
    const taken: number[] = []
    const output = defineModule({
      name: 'output',
      acknowledge: true,
      onFindings(findings) {
        const indices = findings.map(({ subject }) => Number(subject))
        if (indices.some((index) => index === 7 || index === 39)) throw new Error('refused')
        taken.push(...indices)
      },
    }) as Module
    await run(source, teller, output)
    expect(source.parked.map(([index]) => index)).toEqual([7, 39])
    expect(taken).toEqual(indicesOf(certificates).filter((index) => index !== 7 && index !== 39))
  })

  it('counts attempts anew when an output gets on, and sets nothing aside that it is only slow to take', async () => {
    const source = new ParkingSource([certificates])
    const slow = new Response('', { status: 429, headers: { 'retry-after': '1' } })
    const { taken, output } = receiver((_, request) => (request % 3 === 0 ? new Response('') : slow.clone()))
    const status = await run(source, teller, output)
    expect(source.parked).toEqual([])
    expect(taken).toEqual(indicesOf(certificates))
    expect(status.modules[1]).toMatchObject({ findings: 40, errors: 8, retries: 8, skipped: 0 })
  })

  it('sets aside together what an output that is down has tried, and tries what it has not', async () => {
    const source = new ParkingSource([certificates])
    const { taken, output, requests } = receiver((_, request) => new Response('', { status: request <= 4 ? 503 : 200 }))
    const status = await run(source, teller, output)
    expect(source.parked.map(([index]) => index)).toEqual(indicesOf(certificates.slice(0, 10)))
    expect(taken).toEqual(indicesOf(certificates.slice(10)))
    // Three for the first ten, one more for the next.
    expect(requests()).toBe(3 + 2 + 2)
    expect(status.modules[1]).toMatchObject({ findings: 30, skipped: 10 })
    expect(source.position(certificates[0])).toBe(40)
  })

  it('tries again, by itself, what was not refused but not taken either', async () => {
    const source = new ParkingSource([certificates.slice(0, 10)])
    // The first three have all ten; the fourth is the first by itself.
    const { taken, output } = receiver((indices, request) => {
      if (request === 4 || request === 5) return new Response('', { status: 503 })
      return new Response('', { status: indices.includes(5) ? 400 : 200 })
    })
    await run(source, teller, output)
    expect(source.parked.map(([index]) => index)).toEqual([5])
    expect(taken).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9])
  })

  it('passes on the findings of what was set aside when it comes again', async () => {
    const source = new ParkingSource(pagesOf(certificates, 16), { staysOpen: true })
    const reporter = defineModule({
      name: 'reporter',
      onCertificate({ index }, { emit }) {
        if (index % 10 === 3) emit({ kind: 'seen', subject: String(index), reason: 'seen' })
      },
    }) as Module
    // Its own findings depend on those of the module before it, which were delivered.
    const judge = defineModule({
      name: 'judge',
      onFinding: ({ subject }, { emit }) => emit({ kind: 'judged', subject, reason: 'judged' }),
    }) as Module
    const told: string[] = []
    let isDown = true
    const output = defineModule({
      name: 'output',
      acknowledge: true,
      onFinding({ kind, subject }) {
        if (isDown && kind === 'judged' && subject !== '3') throw new Error('it is down')
        told.push(`${kind} ${subject}`)
      },
    }) as Module
    const made = runModules(source, [reporter, judge, output], { clock: steppingClock(), random: () => 0.5 })
    await vi.waitUntil(() => source.position(certificates[0]) === 40)
    expect(source.parked.map(([index]) => index)).toEqual([13, 23, 33])
    expect(told).toEqual(['seen 3', 'judged 3', 'seen 13', 'seen 23', 'seen 33'])
    isDown = false
    told.length = 0
    for (const index of [3, 13, 33]) source.add([certificates[index] as CtCertificate])
    await vi.waitUntil(() => source.acknowledged.at(-1) === 33)
    await made.stop()
    // The finding of 3 was delivered, and is a repeat.
    expect(told).toEqual(['seen 13', 'judged 13', 'seen 33', 'judged 33'])
  })

  it('passes on the findings of what somebody else was to finish when it comes back', async () => {
    const source = new ParkingSource(pagesOf(certificates, 16), { staysOpen: true })
    const reporter = defineModule({
      name: 'reporter',
      onBatch(page, { emit }) {
        for (const certificate of page) if (certificate.index === 9) emit({ kind: 'seen', reason: 'seen', certificate })
      },
    }) as Module
    const told: string[] = []
    let isLost = true
    const output = defineModule({
      name: 'output',
      acknowledge: true,
      onFindings(findings) {
        if (isLost) throw new CtStreamError('CT_LEASE_LOST', 'another one has it')
        told.push(...findings.map(({ kind }) => kind))
      },
    }) as Module
    const made = runModules(source, [reporter, output], { clock: steppingClock(), random: () => 0.5 })
    await vi.waitUntil(() => source.position(certificates[0]) === 40)
    isLost = false
    source.add(certificates.slice(8, 16))
    await vi.waitUntil(() => source.acknowledged.at(-1) === 15)
    await made.stop()
    expect(told).toEqual(['seen'])
  })

  it('leaves alone what the source has given to somebody else', async () => {
    const source = new ParkingSource(pagesOf(certificates, 16))
    await run(
      source,
      defineModule({
        name: 'late',
        acknowledge: true,
        onCertificate({ index }) {
          if (index === 9) throw new CtStreamError('CT_LEASE_LOST', 'another one has it')
        },
      }) as Module,
    )
    expect(source.parked).toEqual([])
  })

  it('ends with what is not acknowledged when it cannot be set aside', async () => {
    const source = new ParkingSource(pagesOf(certificates, 16))
    source.refuses = true
    await expect(run(source, picky([20], []))).rejects.toMatchObject({
      code: 'CT_MODULE_FAILED',
      message: expect.stringContaining('the disk is full'),
    })
    expect(source.position(certificates[0])).toBe(16)
  })

  it('acknowledges an old entry that is given once more among new ones', async () => {
    const [old, ...rest] = certificates as [CtCertificate, ...CtCertificate[]]
    const source = new ParkingSource([rest.slice(0, 10), [old], rest.slice(10, 20)])
    const replayed = new Notifier()
    const isReplayed = replayed.wait()
    await run(
      source,
      defineModule({
        name: 'unordered',
        acknowledge: true,
        limits: { concurrency: 20 },
        async onCertificate(certificate) {
          if (certificate === old) replayed.notify()
          // The old one is finished before those that came before it, and all are acknowledged together.
          if (certificate === rest[0]) await isReplayed
        },
      }) as Module,
    )
    expect(source.acknowledged).toEqual([10, 0, 20])
  })
})
