import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { createTestLog, issueCertificates } from '../../../src/testing/index.js'
import { passUntil, readOn, VirtualClock } from '../../support/virtual-stream.js'

const SIZE = 4200
const CERTIFICATES = [...issueCertificates(SIZE, { sign: false })]

async function openLog() {
  const clock = new VirtualClock()
  // By a gateway, before which the log cuts nothing that is asked for.
  const log = await createTestLog({ clock, entries: CERTIFICATES, pageSize: 1024 })
  return { clock, log }
}

interface Asked {
  readonly start?: number | undefined
  readonly endInclusive?: number | undefined
}

const countOf = ({ start, endInclusive }: Asked) => (endInclusive ?? 0) - (start ?? 0) + 1

describe('a log that fails where too much is asked for', () => {
  it.each([
    ['504', { status: 504 }],
    ['400', { status: 400 }],
    ['413', { status: 413 }],
    ['a connection that is cut', { disconnect: true }],
    ['a cut answer', { truncate: 2_000 }],
  ])('is read to its head: %s for more than 32 entries', async (_, fault) => {
    const { clock, log } = await openLog()
    const failing = log.fault({ on: 'get-entries', when: (request) => countOf(request) > 32, ...fault })
    const reader = await readOn(clock, { logs: [log.spec], checkpoint: new MemoryCheckpointStore() })
    await passUntil(clock, () => reader.certificates.length >= SIZE, 60_000)
    expect(reader.certificates.map(({ index }) => index)).toEqual(Array.from({ length: SIZE }, (_, i) => i))
    // Not one for each page.
    expect(failing.hits).toBeLessThan(40)
    expect(reader.misbehaviour).toEqual([])
    await reader.close()
    await log.close()
  })

  it('is read on where a larger page than before is tried in vain', async () => {
    const clock = new VirtualClock()
    const log = await createTestLog({ clock, entries: CERTIFICATES, pageSize: 32 })
    const when = (request: Asked) => (request.start ?? 0) >= 1536 && countOf(request) > 32
    const failing = log.fault({ on: 'get-entries', status: 504, when })
    const reader = await readOn(clock, { logs: [log.spec], checkpoint: new MemoryCheckpointStore() })
    await passUntil(clock, () => reader.certificates.length >= SIZE, 60_000)
    expect(failing.hits).toBeGreaterThan(0)
    expect(failing.hits).toBeLessThan(10)
    await reader.close()
    await log.close()
  })

  it('is asked for what it gave before when another run goes on', async () => {
    const { clock, log } = await openLog()
    const failing = log.fault({ on: 'get-entries', when: (request) => countOf(request) > 32, status: 504 })
    const options = { logs: [log.spec], checkpoint: new MemoryCheckpointStore() }
    const reader = await readOn(clock, options)
    await passUntil(clock, () => reader.certificates.length >= SIZE, 60_000)
    await reader.close()
    const before = failing.hits
    log.add(issueCertificates(500, { sign: false }))
    log.publish()
    const again = await readOn(clock, options)
    await passUntil(clock, () => again.certificates.at(-1)?.index === SIZE + 499, 60_000)
    expect(failing.hits).toBe(before)
    await again.close()
    await log.close()
  })

  it('is searched for a time', async () => {
    const { clock, log } = await openLog()
    const failing = log.fault({ on: 'get-entries', when: (request) => countOf(request) > 8, status: 504 })
    const reader = await readOn(clock, { logs: [log.spec], start: { time: new Date(clock.now()) } })
    await passUntil(clock, () => reader.state(log.logId) === 'live', 60_000)
    expect(failing.hits).toBeGreaterThan(0)
    await reader.close()
    await log.close()
  })
})
