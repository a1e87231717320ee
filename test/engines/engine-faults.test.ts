import { describe, expect, it, onTestFinished } from 'vitest'
import { openSink } from '../../src/sinks/index.js'
import { logOf } from '../support/logs.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { engines, expectAll, run } from './fault-rows.js'
import { startedServer } from './own-server.js'

describe.each(engines)('faults of %s', (name, isMissing, kind, placeAt) => {
  const isOnce = name !== 'RabbitMQ'

  it.skipIf(isMissing)('has all that was written although answers were cut', { timeout: 300_000 }, async () => {
    const { port, url } = await startedServer(kind)
    const place = await placeAt(url)
    onTestFinished(() => place.remove())
    const proxy = await TcpProxy.open(port)
    onTestFinished(() => proxy.close())
    // Only what is large: not what a client says when it begins.
    let large = 0
    proxy.cutsAnswerTo = (sent) => sent.length > 4000 && [4, 11, 25].includes(++large)
    const log = await logOf(2500)
    await run(await openSink(place.url.replace(`:${port}`, `:${proxy.port}`)), log)
    expect(proxy.cuts).toBeGreaterThanOrEqual(2)
    await expectAll(place, log, isOnce)
  })
})
