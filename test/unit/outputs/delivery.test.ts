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
async function deliver(output: ConfiguredModule, limits: ModuleLimits, findings = 3) {
  const clock = new VirtualClock()
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
