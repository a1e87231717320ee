import { PerformanceObserver } from 'node:perf_hooks'
import { Registry } from 'prom-client'
import { describe, expect, it, vi } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { Exposition } from '../../../src/metrics/exposition.js'
import { registerMetrics, registerModuleMetrics, registerProcessMetrics } from '../../../src/metrics/index.js'
import { defineModule, runModules } from '../../../src/modules/index.js'
import { createTestLog, issueCertificates } from '../../../src/testing/index.js'
import type { CtStreamEvents } from '../../../src/types/stream-events.js'
import type { StreamStatus } from '../../../src/types/stream-status.js'
import { closing } from '../../support/closing.js'
import { madeCertificates } from '../../support/module-certificates.js'
import { readOn, VirtualClock } from '../../support/virtual-stream.js'
import { log, status } from '../cli/sample-status.js'

/** What looks like a stream: its status as it is given, events when the test tells of them. */
class Told {
  status: () => StreamStatus
  looks = 0
  private readonly listeners: [string, (payload: never) => void][] = []

  constructor(now: () => StreamStatus) {
    this.status = () => {
      this.looks++
      return now()
    }
  }

  on<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): void {
    this.listeners.push([event, listener])
  }

  tell<K extends keyof CtStreamEvents>(event: K, payload: CtStreamEvents[K]): void {
    for (const [name, listener] of this.listeners) if (name === event) listener(payload as never)
  }
}

async function linesOf(registry: Registry, name: string): Promise<string[]> {
  const text = await registry.metrics()
  return text.split('\n').filter((line) => line.startsWith(name) && !line.startsWith('#'))
}

describe('metrics of a stream', () => {
  it('say what was read of an embedded log', async () => {
    const testLog = closing(
      await createTestLog({ kind: 'rfc6962', entries: [...issueCertificates(70)], description: 'Held' }),
    )
    const clock = new VirtualClock()
    const reader = await readOn(clock, { logs: [testLog.spec] })
    const registry = new Registry()
    registerMetrics(reader.stream, registry)
    await reader.until(({ certificates }) => certificates.length === 70)
    const labels = 'log="Held",operator="ct-stream tests"'
    const { requests, bytes } = reader.stream.status()?.logs[0] ?? { requests: -1, bytes: -1 }
    expect(await linesOf(registry, 'ct_stream_log_head_size')).toEqual([`ct_stream_log_head_size{${labels}} 70`])
    expect(await linesOf(registry, 'ct_stream_log_requests_total')).toEqual([
      `ct_stream_log_requests_total{${labels}} ${requests}`,
    ])
    expect(await linesOf(registry, 'ct_stream_log_received_bytes_total')).toEqual([
      `ct_stream_log_received_bytes_total{${labels}} ${bytes}`,
    ])
    expect(await linesOf(registry, 'ct_stream_log_state')).toContain(`ct_stream_log_state{${labels},state="live"} 1`)
    expect(await linesOf(registry, 'ct_stream_log_misbehaviour_total')).toEqual([
      `ct_stream_log_misbehaviour_total{${labels}} 0`,
    ])
  })

  it('leave out what is not known, and give durations in seconds', async () => {
    const stream = new Told(() => status([log({ headAgeMs: undefined, lagMs: 1500 })]))
    const registry = new Registry()
    registerMetrics(stream, registry)
    expect(await linesOf(registry, 'ct_stream_log_head_age_seconds')).toEqual([])
    // No list was read.
    expect(await linesOf(registry, 'ct_stream_selected_logs')).toEqual([])
    expect(await linesOf(registry, 'ct_stream_log_lag_seconds')).toEqual([
      'ct_stream_log_lag_seconds{log="a",operator="a"} 1.5',
    ])
  })

  it('count events by log and code', async () => {
    const one = log()
    const stream = new Told(() => status([one]))
    const registry = new Registry()
    registerMetrics(stream, registry)
    const error = new CtStreamError('CT_CONSISTENCY', 'another tree')
    stream.tell('misbehaviour', { log: one.log, error })
    stream.tell('error', { log: one.log, error })
    stream.tell('error', { log: one.log, error })
    stream.tell('gap', { log: one.log, start: 1, end: 2, reason: 'gone', recordedAt: 0 })
    stream.tell('commit', { entries: 7, logs: 1 })
    const text = await registry.metrics()
    for (const line of [
      'ct_stream_log_misbehaviour_total{log="a",operator="a"} 1',
      'ct_stream_log_errors_total{log="a",operator="a",code="CT_CONSISTENCY"} 2',
      'ct_stream_log_gaps_total{log="a",operator="a"} 1',
      'ct_stream_committed_entries_total 7',
    ])
      expect(text.split('\n')).toContain(line)
  })

  it('count the gap of a log that is not followed, and of one that is followed no longer', async () => {
    const [one, gone] = [log({}, 'one'), log({}, 'gone')]
    const followed = [one]
    const stream = new Told(() => status(followed))
    const registry = new Registry()
    registerMetrics(stream, registry)
    const gaps = () => linesOf(registry, 'ct_stream_log_gaps_total')
    const first = 'ct_stream_log_gaps_total{log="one",operator="one"}'
    expect(await gaps()).toEqual([`${first} 0`])
    for (const { log } of [one, gone]) stream.tell('gap', { log, start: 1, end: 2, reason: 'gone', recordedAt: 0 })
    const both = [`${first} 1`, 'ct_stream_log_gaps_total{log="gone",operator="gone"} 1']
    expect(await gaps()).toEqual(both)
    followed.pop()
    expect(await gaps()).toEqual(both)
  })

  it('tell logs of one name apart, and keep what a list says of them harmless', async () => {
    const [a, b] = [log({}, 'a'), log({}, 'b')]
    const named = (one: typeof a, description: string) => ({ ...one, log: { ...one.log, description } })
    const stream = new Told(() => status([named(a, 'x"\n\u202ey'), named(b, 'x"\n\u202ey')]))
    const registry = new Registry()
    registerMetrics(stream, registry)
    const lines = await linesOf(registry, 'ct_stream_log_position')
    expect(lines).toEqual([
      String.raw`ct_stream_log_position{log="x\"\\x0a\\u{202e}y",operator="a"} 10`,
      String.raw`ct_stream_log_position{log="x\"\\x0a\\u{202e}y https://log.example/",operator="b"} 10`,
    ])
  })

  it('look at the stream once for all metrics of an answer', async () => {
    const stream = new Told(() => status([log()]))
    const registry = new Registry()
    registerMetrics(stream, registry)
    await registry.metrics()
    await registry.metrics()
    expect(stream.looks).toBe(2)
  })
})

describe('metrics of modules and of the process', () => {
  it('count what a module was given and reported', async () => {
    const module = defineModule({
      name: 'all',
      onCertificate: (_, { emit }) => emit({ kind: 'seen', reason: 'it is one' }),
    })
    const output = defineModule({
      name: 'sender',
      onFinding: (_, { countDeadLetters }) => [1, 0, -1, 0.5, Number.NaN].forEach(countDeadLetters),
    })
    const run = runModules(madeCertificates(5), [module, output])
    const registry = new Registry()
    registerModuleMetrics(run, registry)
    await run.done
    const text = (await registry.metrics()).split('\n')
    expect(text).toContain('ct_stream_module_certificates_total{module="all"} 5')
    expect(text).toContain('ct_stream_module_emitted_findings_total{module="all"} 5')
    expect(text).toContain('ct_stream_module_dead_letters_total{module="all"} 0')
    expect(text).toContain('ct_stream_module_dead_letters_total{module="sender"} 5')
    expect(text).toContain('ct_stream_module_state{module="all",state="stopped"} 1')
  })

  it('of the process are measured once, however many answer with them', async () => {
    const one = new Exposition()
    await one.text()
    const observed = vi.spyOn(PerformanceObserver.prototype, 'observe')
    const other = new Exposition()
    expect(await other.text()).toMatch(/^ct_stream_build_info/m)
    expect(observed).not.toHaveBeenCalled()
    observed.mockRestore()
  })

  it('have memory, processor time and the version', async () => {
    const registry = new Registry()
    registerProcessMetrics(registry)
    const text = await registry.metrics()
    expect(text).toMatch(/^ct_stream_process_resident_memory_bytes [1-9]/m)
    expect(text).toMatch(/^ct_stream_process_cpu_seconds_total \d/m)
    expect(text).toMatch(/^ct_stream_nodejs_eventloop_lag_p99_seconds \d/m)
    expect(text).toMatch(/^ct_stream_build_info\{version="\d/m)
  })
})
