import { describe, expect, it } from 'vitest'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { createTestLogList, type TestLog } from '../../../src/testing/index.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { logOf } from '../../support/logs.js'
import { Reader } from '../../support/reader.js'

const LIST = 'https://lists.test-ca.org/all.json'

/** A network in which the list and the log have names; what was asked of the log. */
function network(log: TestLog, address: string) {
  const list = createTestLogList([log], { timestamp: new Date() })
  for (const { logs } of list.operators) for (const entry of logs) Object.assign(entry, { url: address })
  const asked: string[] = []
  const fetchInIt = async (input: unknown, init?: RequestInit): Promise<Response> => {
    const url = String(input)
    if (url === LIST) return Response.json(list)
    asked.push(url)
    return await fetch(log.url + url.slice(address.length), init)
  }
  return { list, asked, fetch: fetchInIt as typeof fetch }
}

/** The clock is fast: a day is four seconds of the machine's, which may be busy. */
const follow = (options: CtStreamOptions): Reader => {
  const defaults: CtStreamOptions = { start: 'beginning', checkpoint: false, endPatienceMs: 86_400_000 }
  return closing(new Reader(ctStream({ ...defaults, clock: fastClock(20_000), ...options })))
}

describe('a log of a fetched list', () => {
  it('is read at a public address', async () => {
    const log = await logOf(3)
    const { fetch } = network(log, 'https://log.test-ca.org/')
    const reader = follow({ logList: LIST, fetch, end: 'head' })
    await reader.done
    expect(reader.certificates.length).toBe(3)
  })

  it('is asked nothing on another port, and that is said once in a quarter of an hour', async () => {
    const log = await logOf(3)
    const { fetch, asked } = network(log, 'https://log.test-ca.org:22/')
    const reader = follow({ logList: LIST, fetch })
    await reader.until(() => reader.errors.length === 3)
    const [{ error } = expect.fail()] = reader.errors
    expect(error).toMatchObject({ code: 'CT_ADDRESS_REFUSED', retryable: false })
    expect(error.message).toMatch(/^\[GET\] "https:\/\/log.test-ca.org:22\/ct\/v1\/get-sth" : port 22, not 443: /)
    expect(reader.state(log.logId)).toBe('waiting')
    expect(asked).toEqual([])
    // Each failed try says how long the stream waits: three of them take long.
    expect(reader.stream.status().logs[0]?.retries).toBeLessThanOrEqual(4)
  })

  it('is given up at once by a stream with an end', async () => {
    const log = await logOf(3)
    const { fetch } = network(log, 'https://log.test-ca.org:22/')
    const reader = follow({ logList: LIST, fetch, end: 'head', endPatienceMs: 60_000 })
    await expect(reader.done).rejects.toMatchObject({ code: 'CT_INCOMPLETE', message: /port 22, not 443/ })
    expect(reader.errors.length).toBe(1)
  })
})

describe('a log anywhere is read', () => {
  const address = 'https://log.test-ca.org:8443/'

  it('when the list is parsed JSON of the caller', async () => {
    const log = await logOf(3)
    const { list, fetch } = network(log, address)
    const reader = follow({ logList: list, fetch, end: 'head' })
    await reader.done
    expect(reader.certificates.length).toBe(3)
  })

  it('when the caller names it', async () => {
    const log = await logOf(3)
    const { fetch } = network(log, address)
    const reader = follow({ logs: [{ kind: 'rfc6962', url: address, key: log.key }], fetch, end: 'head' })
    await reader.done
    expect(reader.certificates.length).toBe(3)
  })

  it('with `allowHttp`', async () => {
    const log = await logOf(3)
    const { fetch } = network(log, address)
    const reader = follow({ logList: LIST, allowHttp: true, fetch, end: 'head' })
    await reader.done
    expect(reader.certificates.length).toBe(3)
  })
})
