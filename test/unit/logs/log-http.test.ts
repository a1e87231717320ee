import { expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import type { GetOptions, Transport } from '../../../src/http/transport.js'
import type { RequestOptions } from '../../../src/logs/client.js'
import { LogHttp } from '../../../src/logs/log-http.js'
import type { EntryBatch } from '../../../src/types/entries.js'
import { batchOf } from '../../support/memory-log.js'

const form = { kind: 'get-entries', start: 0, count: 10 } as const

/** A page that is asked for in its turn, and what becomes of both. */
function pageInTurn() {
  const told: string[] = []
  let options: GetOptions | undefined
  let answer: { resolve(page: EntryBatch): void; reject(error: unknown): void } | undefined
  const transport: Transport = {
    get: () => Promise.reject(new Error('not asked for')),
    page: (_url, _form, given) => {
      options = given
      return new Promise((resolve, reject) => {
        answer = { resolve, reject }
      })
    },
    close: () => Promise.resolve(),
  }
  const schedule: RequestOptions['schedule'] = async (request) => {
    told.push('begins')
    try {
      const result = await request()
      told.push('ends')
      return result
    } catch (error) {
      told.push('fails')
      throw error
    }
  }
  const onReceived = () => told.push('received')
  const page = new LogHttp(transport, 'https://log.example').page('entries', form, { schedule, onReceived }, 1000)
  return { told, page, received: () => options?.onReceived?.(), answer: () => answer }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

it('the turn of a page is over when its body is complete: other requests need not wait until it is read', async () => {
  const { told, page, received, answer } = pageInTurn()
  await settled()
  expect(told).toEqual(['begins'])
  received()
  await settled()
  expect(told).toEqual(['begins', 'received', 'ends'])
  const batch = batchOf(0, 10)
  answer()?.resolve(batch)
  expect(await page).toBe(batch)
})

it('a page that cannot be read fails after its turn', async () => {
  const { told, page, received, answer } = pageInTurn()
  received()
  await settled()
  const error = new CtStreamError('CT_RESPONSE_MALFORMED', 'cut', { retryable: true })
  answer()?.reject(error)
  await expect(page).rejects.toBe(error)
  expect(told).toEqual(['begins', 'received', 'ends'])
})

it('a request that fails, fails in its turn, which counts it for the rate of its operator', async () => {
  const { told, page, answer } = pageInTurn()
  const error = new CtStreamError('CT_HTTP_STATUS', 'slower', { status: 429, retryable: true })
  answer()?.reject(error)
  await expect(page).rejects.toBe(error)
  expect(told).toEqual(['begins', 'fails'])
})
