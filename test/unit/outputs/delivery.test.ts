import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { type ConfiguredModule, type ModuleLimits, runModules } from '../../../src/modules/index.js'
import { command } from '../../../src/outputs/command.js'
import { Delivery } from '../../../src/outputs/delivery.js'
import { otlp } from '../../../src/outputs/otlp.js'
import { webhookModule } from '../../../src/outputs/webhook.js'
import type { Finding } from '../../../src/types/finding.js'
import { PageSource, pagesOf } from '../../support/acknowledged-source.js'
import { madeCertificates } from '../../support/module-certificates.js'
import { quiet } from '../../support/reader.js'
import { reporter } from '../../support/sent-findings.js'
import { VirtualClock } from '../../support/virtual-clock.js'

function deadLettersFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ct-stream-delivery-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'dead.jsonl')
}

const linesOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [])
const lettersIn = (file: string): { readonly error: string; readonly finding: Finding }[] =>
  linesOf(file).map((line) => JSON.parse(line))

/** Takes a request, and does not answer it. */
const silent: typeof fetch = (_, init) =>
  new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))

/** Runs an output over findings while time passes; returns its status when all are acknowledged. */
async function deliver(output: ConfiguredModule, limits: ModuleLimits, findings = 3, clock = new VirtualClock()) {
  const source = new PageSource([madeCertificates(findings)])
  const run = runModules(source, [reporter, { ...output, limits }], { clock, random: () => 0 })
  let isOver = false
  run.done.catch(() => {}).finally(() => (isOver = true))
  for (let i = 0; !isOver && i < 100; i++) {
    await clock.pass(1000)
    await quiet(5)
  }
  const status = run.status().modules[1]
  if (!isOver) run.stop().catch(() => {})
  return { isOver, ...status }
}

describe.skipIf(process.platform === 'win32')('dead letters', () => {
  const url = 'https://receiver.example/'
  const dead = { giveUpAfterMs: 5000 }
  it.each([
    ['webhook', (deadLetters: string) => webhookModule({ fetch: silent }).with({ url, deadLetters, ...dead })],
    ['otlp', (deadLetters: string) => otlp.with({ url, deadLetters, ...dead })],
    ['command', (deadLetters: string) => command.with({ command: 'sleep', args: ['60'], deadLetters, ...dead })],
  ])('are what a receiver of %s does not answer in time, once each, and the next findings come', async (_, use) => {
    vi.stubGlobal('fetch', silent)
    onTestFinished(() => void vi.unstubAllGlobals())
    const file = deadLettersFile()
    const { isOver, deadLetters } = await deliver(use(file), { timeoutMs: 1000 })
    const letters = lettersIn(file)
    expect(new Set(letters.map(({ finding }) => finding.id)).size).toBe(3)
    expect(letters).toHaveLength(3)
    expect(letters[0]?.error).toMatch(/took longer than 1000 ms \(limits.timeoutMs\)/)
    expect({ isOver, deadLetters }).toEqual({ isOver: true, deadLetters: 3 })
  })
})

describe('an output that sends several requests in one call', () => {
  it('has acknowledged what was taken when it fails for good', async () => {
    const certificates = madeCertificates(40)
    const source = new PageSource(pagesOf(certificates, 10))
    let requests = 0
    const fetch = async () => {
      requests++
      // The findings of the other pages wait meanwhile, and come in one call.
      if (requests === 1) await vi.waitUntil(() => run.status().modules[0]?.certificates === 40)
      return new Response('', { status: requests === 4 ? 500 : 200 })
    }
    const output = webhookModule({ fetch }).with({ url: 'https://receiver.example/', maxBatch: 10 })
    const run = runModules(source, [reporter, { ...output, limits: { attempts: 1 } }])
    await expect(run.done).rejects.toMatchObject({ code: 'CT_MODULE_FAILED' })
    expect(requests).toBe(4)
    expect(source.position(certificates[0])).toBe(30)
  })
})

describe('a receiver that refuses some of a batch', () => {
  /** How a receiver answers to so many findings. */
  type Answers = (ids: readonly string[]) => number

  /** Delivers findings to a webhook; returns the ids in each request, whether taken or not, and what of the output is there to see. */
  async function requestsOf(answers: Answers, { findings = 100, dead = true } = {}) {
    const file = deadLettersFile()
    const requests: { readonly ids: readonly string[]; readonly status: number; readonly key: string }[] = []
    const fetch: typeof globalThis.fetch = async (_, init) => {
      const ids = JSON.parse(String(init?.body)).findings.map(({ id }: Finding) => id)
      const status = answers(ids)
      requests.push({ ids, status, key: new Headers(init?.headers).get('idempotency-key') ?? '' })
      return new Response('', { status })
    }
    const output = webhookModule({ fetch }).with({
      url: 'https://receiver.example/',
      ...(dead && { deadLetters: file }),
    })
    const { isOver } = await deliver(output, { onError: 'retry' }, findings)
    const taken = requests.filter(({ status }) => status === 200).flatMap(({ ids }) => ids)
    const letters = lettersIn(file).map(({ finding }) => finding.id)
    return { isOver, requests, taken, letters, all: new Set(requests.flatMap(({ ids }) => ids)) }
  }

  it.each([413, 400, 422])(
    'gets smaller batches after %d, each with a key of its own, and everything once',
    async (status) => {
      const { isOver, requests, taken, letters } = await requestsOf((ids) => (ids.length > 30 ? status : 200))
      expect(isOver).toBe(true)
      expect(requests.map(({ ids }) => ids.length)).toEqual([100, 50, 25, 25, 50, 25, 25])
      expect(new Set(taken).size).toBe(100)
      expect(taken).toHaveLength(100)
      expect(letters).toEqual([])
      expect(new Set(requests.map(({ key }) => key)).size).toBe(7)
    },
  )

  it('has one finding put aside that it does not take, and takes the others once, in a bounded number of requests', async () => {
    const wrong = new Set<string>()
    const { isOver, requests, taken, letters } = await requestsOf((ids) => {
      if (wrong.size === 0) wrong.add(ids[37] as string)
      return ids.some((id) => wrong.has(id)) ? 400 : 200
    })
    expect(isOver).toBe(true)
    expect(letters).toEqual([...wrong])
    expect(new Set(taken).size).toBe(99)
    expect(taken).toHaveLength(99)
    expect(requests.length).toBeLessThanOrEqual(2 * 7 + 1)
  })

  it('gets fewer than two requests a finding where it takes none', async () => {
    const { isOver, requests, letters, all } = await requestsOf(() => 422, { findings: 16 })
    expect(isOver).toBe(true)
    expect(new Set(letters)).toEqual(all)
    expect(letters).toHaveLength(16)
    expect(requests).toHaveLength(31)
  })

  it('gets what it refuses alone again, and what comes before it once, where there are no dead letters', async () => {
    let wrong = ''
    const { isOver, requests, taken } = await requestsOf(
      (ids) => {
        wrong ||= ids[37] as string
        return ids.includes(wrong) ? 413 : 200
      },
      { dead: false },
    )
    expect(isOver).toBe(false)
    expect(new Set(taken).size).toBe(taken.length)
    const alone = requests.slice(requests.findIndex(({ ids }) => ids.length === 1 && ids[0] === wrong))
    expect(alone.length).toBeGreaterThan(1)
    expect(alone.every(({ ids }) => ids.length === 1)).toBe(true)
  })

  it('gets parts that were not taken for another reason again as they were, with their keys', async () => {
    let isDown = true
    const { isOver, requests, taken } = await requestsOf((ids) => {
      if (ids.length > 50) return 413
      const status = isDown ? 503 : 200
      isDown = !isDown
      return status
    })
    expect(isOver).toBe(true)
    expect(taken).toHaveLength(100)
    expect(requests.map(({ ids, status }) => [ids.length, status])).toEqual([
      ...[
        [100, 413],
        [50, 503],
        [50, 200],
        [50, 503],
        [50, 200],
      ],
    ])
    expect(requests[2]?.key).toBe(requests[1]?.key)
    expect(requests[4]?.key).toBe(requests[3]?.key)
  })

  it.each([401, 403, 404, 415])(
    'does not get smaller batches after %d, which is not about what is in them',
    async (status) => {
      const { requests } = await requestsOf(() => status)
      expect(new Set(requests.map(({ ids }) => ids.length))).toEqual(new Set([100]))
    },
  )
})

describe('a collector that says how many of a batch it refuses, not which', () => {
  it.each([true, false])('gets what it takes a few times at most; dead letters: %s', async (dead) => {
    const file = deadLettersFile()
    let wrong = ''
    const times = new Map<string, number>()
    let last: string[] = []
    vi.stubGlobal('fetch', async (_: string, { body }: { body: string }) => {
      const { logRecords } = JSON.parse(body).resourceLogs[0].scopeLogs[0]
      last = logRecords.map(
        (record: { attributes: { value: { stringValue: string } }[] }) => record.attributes[0]?.value.stringValue,
      )
      wrong ||= last[5] as string
      for (const id of last) times.set(id, (times.get(id) ?? 0) + 1)
      return Response.json(
        last.includes(wrong) ? { partialSuccess: { rejectedLogRecords: '1', errorMessage: 'too long' } } : {},
      )
    })
    onTestFinished(() => void vi.unstubAllGlobals())
    const { isOver } = await deliver(otlp.with(dead ? { deadLetters: file } : {}), { onError: 'retry' }, 10)
    expect(isOver).toBe(dead)
    expect(lettersIn(file).map(({ finding }) => finding.id)).toEqual(dead ? [wrong] : [])
    expect(last).toEqual(dead ? expect.not.arrayContaining([wrong]) : [wrong])
    times.delete(wrong)
    expect(times.size).toBe(9)
    expect(Math.max(...times.values())).toBeLessThanOrEqual(5)
  })
})

describe('time of an output that sends several requests in one call', () => {
  it('is that of one request before it gives up: what was only slow to be taken is not put aside', async () => {
    const file = deadLettersFile()
    const tries = new Map<string, number>()
    // Each batch once, which alone takes longer than the output waits.
    const fetch: typeof globalThis.fetch = async (_, init) => {
      const key = new Headers(init?.headers).get('idempotency-key') ?? ''
      tries.set(key, (tries.get(key) ?? 0) + 1)
      return tries.get(key) === 1
        ? new Response('', { status: 429, headers: { 'retry-after': '6' } })
        : new Response('')
    }
    const output = webhookModule({ fetch }).with({
      ...{ url: 'https://receiver.example/', maxBatch: 10, deadLetters: file, giveUpAfterMs: 5000 },
    })
    const { isOver, deadLetters } = await deliver(output, { onError: 'retry' }, 60)
    expect({ isOver, deadLetters, letters: lettersIn(file) }).toEqual({ isOver: true, deadLetters: 0, letters: [] })
    expect([...tries.values()]).toEqual([2, 2, 2, 2, 2, 2])
  })

  it('still ends for the request that is not taken', async () => {
    const file = deadLettersFile()
    let requests = 0
    const fetch: typeof globalThis.fetch = async () => new Response('', { status: requests++ === 0 ? 200 : 503 })
    const output = webhookModule({ fetch }).with({
      ...{ url: 'https://receiver.example/', maxBatch: 10, deadLetters: file, giveUpAfterMs: 5000 },
    })
    const { isOver, deadLetters } = await deliver(output, { onError: 'retry' }, 30)
    expect({ isOver, deadLetters }).toEqual({ isOver: true, deadLetters: 20 })
    // Each of the two was tried for these five seconds.
    expect(requests).toBeGreaterThan(1 + 2 * 3)
  })

  it('is limited for one request: none is cut, and sent twice, because those before it took their time', async () => {
    const requests = new Map<string, number>()
    const clock = new VirtualClock()
    const fetch: typeof globalThis.fetch = async (_, init) => {
      const key = new Headers(init?.headers).get('idempotency-key') ?? ''
      requests.set(key, (requests.get(key) ?? 0) + 1)
      await clock.sleep(4000, init?.signal ?? undefined)
      return new Response('')
    }
    const output = webhookModule({ fetch }).with({ url: 'https://receiver.example/', maxBatch: 10 })
    const { isOver, timeouts } = await deliver(output, { onError: 'retry', timeoutMs: 5000 }, 60, clock)
    expect({ isOver, timeouts }).toEqual({ isOver: true, timeouts: 0 })
    expect([...requests.values()]).toEqual([1, 1, 1, 1, 1, 1])
  })

  it('ends with the limit of the request that takes too long', async () => {
    const clock = new VirtualClock()
    const cutAt: number[] = []
    const began = clock.now()
    let requests = 0
    const fetch: typeof globalThis.fetch = async (_, init) => {
      if (requests++ === 1) {
        init?.signal?.addEventListener('abort', () => cutAt.push(clock.now() - began))
        return silent(_, init)
      }
      await clock.sleep(3000, init?.signal ?? undefined)
      return new Response('')
    }
    const output = webhookModule({ fetch }).with({ url: 'https://receiver.example/', maxBatch: 10 })
    const { isOver, timeouts } = await deliver(output, { onError: 'retry', timeoutMs: 5000 }, 20, clock)
    expect({ isOver, timeouts }).toEqual({ isOver: true, timeouts: 1 })
    expect(cutAt).toEqual([8000])
  })
})

describe('Delivery', () => {
  const [first, second] = ['a', 'b'].map((id) => ({ id }) as Finding) as [Finding, Finding]
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const refused = new CtStreamError('CT_OUTPUT_FAILED', 'refused')
  const down = new CtStreamError('CT_OUTPUT_FAILED', 'down', { retryable: true })

  async function opened() {
    const deadLetters = deadLettersFile()
    let count = 0
    const delivery = await Delivery.open({
      options: { deadLetters, giveUpAfterMs: 5000 },
      clock: new VirtualClock(),
      log,
      countDeadLetters: (findings) => (count += findings),
    })
    onTestFinished(() => delivery.close())
    return { delivery, stored: () => ({ count, letters: lettersIn(deadLetters).map((letter) => letter.error) }) }
  }

  /** A call that is over while it sends; what it sends ends as `send` does. */
  async function overdue(delivery: Delivery, sinceMs: number, send: () => Promise<void>): Promise<unknown> {
    const controller = new AbortController()
    const sent = delivery.sendBatches([first, second], 1, { signal: controller.signal, sinceMs }, () => {
      controller.abort(new Error('took too long'))
      return send()
    })
    return sent.then(
      () => 'resolved',
      (error) => error,
    )
  }
  const live = (sinceMs: number) => ({ signal: new AbortController().signal, sinceMs })
  const never = () => new Promise<void>(() => {})

  it('tries again after a call that was over early, and stores nothing', async () => {
    const { delivery, stored } = await opened()
    expect(await overdue(delivery, 4999, () => Promise.reject(down))).toBe(down)
    const keys: string[] = []
    await delivery.sendBatches([first, second], 1, live(5000), async (_, key) => void keys.push(key))
    expect(new Set(keys).size).toBe(2)
    expect(stored()).toEqual({ count: 0, letters: [] })
  })

  it('stores in the next call what a call that was over has found out, and sends the rest', async () => {
    for (const [sinceMs, send, error] of [
      [0, () => Promise.reject(refused), 'refused'],
      [5000, () => Promise.reject(down), 'took too long'],
    ] as const) {
      const { delivery, stored } = await opened()
      await overdue(delivery, sinceMs, send)
      expect(stored()).toEqual({ count: 0, letters: [] })
      const sent: Finding[] = []
      await delivery.sendBatches([first, second], 1, live(sinceMs), async (batch) => void sent.push(...batch))
      expect(sent).toEqual([second])
      expect(stored()).toEqual({ count: 1, letters: [error] })
    }
  })

  it('does not wait for a call that does not come back', async () => {
    const { delivery, stored } = await opened()
    void overdue(delivery, 5000, never)
    await delivery.sendBatches([first, second], 1, live(5000), async () => {})
    expect(stored()).toEqual({ count: 1, letters: ['took too long'] })
  })

  it('stores once what a call that was over is still storing', async () => {
    const { delivery, stored } = await opened()
    const late = delivery.sendBatches([first], 1, live(0), () => Promise.reject(refused))
    // Far enough to have begun to write, in a file that is not written in the same turn.
    for (let i = 0; i < 10; i++) await Promise.resolve()
    expect(stored()).toEqual({ count: 0, letters: [] })
    let sent = 0
    await Promise.all([late, delivery.sendBatches([first], 1, live(0), async () => void sent++)])
    expect(sent).toBe(0)
    expect(stored()).toEqual({ count: 1, letters: ['refused'] })
  })

  it('does not send again what a call has delivered that was over by then', async () => {
    const { delivery } = await opened()
    expect(await overdue(delivery, 0, async () => {})).toMatchObject({ message: 'took too long' })
    const sent: Finding[] = []
    await delivery.sendBatches([first, second], 1, live(0), async (batch) => void sent.push(...batch))
    expect(sent).toEqual([second])
  })

  it('does not repeat a batch because another call has ended', async () => {
    const { delivery } = await opened()
    const sent: string[] = []
    const send = (isDown: boolean) => async (batch: readonly Finding[]) => {
      sent.push(...batch.map(({ id }) => id))
      if (isDown && sent.length === 2) throw down
    }
    const other = { id: 'c' } as Finding
    await expect(delivery.sendBatches([first, second], 1, live(0), send(true))).rejects.toBe(down)
    await delivery.sendBatches([other], 1, live(0), send(false))
    await delivery.sendBatches([first, second], 1, live(0), send(false))
    expect(sent).toEqual(['a', 'b', 'c', 'b'])
  })
})
