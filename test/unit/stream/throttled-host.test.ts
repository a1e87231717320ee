import { describe, expect, it } from 'vitest'
import { createTestLog, issueCertificates } from '../../../src/testing/index.js'
import { closing } from '../../support/closing.js'
import { throttledHost } from '../../support/throttled-host.js'
import { readOn, VirtualClock } from '../../support/virtual-stream.js'

const MINUTE = 60_000
const certificates = [...issueCertificates(3000, { sign: false })]

async function logWith(clock: VirtualClock, size: number, mmd = 86_400) {
  return closing(await createTestLog({ clock, mmd, entries: certificates.slice(0, size) }))
}

describe('logs behind a host that takes a request every seven seconds', () => {
  it('are all read: heads and new entries of some leave the backlog of another its turns', async () => {
    const clock = new VirtualClock()
    const backlog = await logWith(clock, 3000)
    const live = [await logWith(clock, 10), await logWith(clock, 10)]
    const { specs, fetch } = throttledHost([backlog, ...live], clock, 0.15)
    const reader = await readOn(clock, { logs: specs, fetch })
    const lags: number[] = []
    for (let i = 10; i < 20; i++) {
      for (const log of live) {
        log.add(certificates.slice(i, i + 1))
        log.publish()
      }
      await clock.pass(8 * MINUTE)
      lags.push(...live.map((log) => log.size - reader.indexes(log.logId).length))
    }
    expect(reader.indexes(backlog.logId)).toHaveLength(3000)
    expect(new Set(lags)).toEqual(new Set([0]))
    expect(reader.misbehaviour).toEqual([])
  })
})
