import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UndiciTransport } from '../../../src/http/undici-transport.js'
import type { LogClient } from '../../../src/logs/client.js'
import { openLog } from '../../../src/logs/open-log.js'
import { ctError } from '../http/errors.js'
import { StandInLog } from './stand-in-log.js'

let log: StandInLog
let client: LogClient
let transport: UndiciTransport

beforeEach(async () => {
  log = await StandInLog.start('hybrid', 600)
  transport = new UndiciTransport()
  client = openLog(log.spec, { transport })
})
afterEach(async () => {
  await transport.close()
  await log.close()
})

describe('an RFC 6962 log with tiles', () => {
  it('is read by full tiles, and by get-entries behind them', async () => {
    await client.head()
    const read: number[][] = []
    for (let at = 0; at < 600; ) {
      const batch = await client.entries(at, 600)
      read.push([at, batch.length])
      at += batch.length
    }
    expect(read).toEqual([
      [0, 256],
      [256, 256],
      [512, 32],
      [544, 32],
      [576, 24],
    ])
    expect(log.asked.filter((path) => path.startsWith('tile'))).toEqual(['tile/data/000', 'tile/data/001'])
  })

  it('is read by get-entries while a tile is not there yet', async () => {
    log.fault = (_, path) =>
      path.startsWith('tile') ? (response) => void response.writeHead(404).end('later') : undefined
    const batch = await client.entries(250, 600)
    expect([batch.start, batch.length]).toEqual([250, 6])
    expect(log.asked).toEqual(['tile/data/000', 'ct/v1/get-entries?start=250&end=255'])
  })

  it('does not take a slow or throttled tile server for one without tiles', async () => {
    log.fault = () => (response) => void response.writeHead(429).end()
    expect(await ctError(client.entries(0, 600))).toMatchObject({ status: 429, retryable: true })
    expect(log.asked).toEqual(['tile/data/000'])
  })
})
