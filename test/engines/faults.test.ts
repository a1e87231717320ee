import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSink, pump } from '../../src/sinks/index.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { noPostgres } from './database.js'
import { inMiddle, isCommit, run, saying } from './fault-use.js'
import { postgresKillPlace } from './kill-places.js'
import { ownServer } from './own-server.js'
import { smallDisk } from './small-disk.js'

describe.skipIf(noPostgres)('faults of Postgres', () => {
  it('has once what was committed although the answer was cut', async () => {
    const server = await ownServer('postgres')
    onTestFinished(() => server.remove())
    await server.start()
    const proxy = await TcpProxy.open(server.port)
    onTestFinished(() => proxy.close())
    const place = await postgresKillPlace(`postgres://postgres@127.0.0.1:${server.port}/postgres`)
    let commits = 0
    proxy.cutsAnswerTo = (sent) => isCommit.postgres(sent) && ++commits % 2 === 0
    const logs = [await logOf(8000)]
    await run(place, logs, { from: server.port, to: proxy.port }).done
    expect(proxy.cuts).toBeGreaterThan(1)
    await place.expectStoredOnce(logs)
  }, 120_000)

  it('goes on when the server is killed in the middle of a page and started again, and says that it waits', async () => {
    const server = await ownServer('postgres')
    onTestFinished(() => server.remove())
    await server.start()
    const place = await postgresKillPlace(`postgres://postgres@127.0.0.1:${server.port}/postgres`)
    const log = await logOf(6000)
    const { done, said } = run(place, [log])
    for (const position of [512, 2500]) {
      await inMiddle(place, log, position)
      await server.kill()
      await saying(said, /opened again in .* s: .*(ECONN|terminated|closed|starting up)/i)
      await server.start()
    }
    await done
    expect(said).toContain('the sink takes entries again')
    await place.expectStoredOnce([log])
  }, 180_000)

  it('reads again what a server that was restored from a copy does not have', async () => {
    const server = await ownServer('postgres')
    onTestFinished(() => server.remove())
    await server.start()
    const place = await postgresKillPlace(`postgres://postgres@127.0.0.1:${server.port}/postgres`)
    const log = await logOf(1000)
    await run(place, [log]).done
    const [data, copy] = [join(server.folder, 'data'), join(server.folder, 'copy')]
    await server.stop()
    execFileSync('cp', ['-a', data, copy])
    await server.start()
    grow(log, 6000)
    const { done, said } = run(place, [log])
    await inMiddle(place, log, 3000)
    await server.kill()
    execFileSync('rm', ['-r', data])
    execFileSync('mv', [copy, data])
    await server.start()
    expect((await place.positions()).get(log.logId)).toBe(1000)
    await done
    expect(said).toContain('the sink takes entries again')
    await place.expectEachOnce([log])
  }, 180_000)

  it('goes on when the server is stopped beyond the lease, and says that it waits', async () => {
    const server = await ownServer('postgres')
    onTestFinished(() => server.remove())
    await server.start()
    const place = await postgresKillPlace(`postgres://postgres@127.0.0.1:${server.port}/postgres`)
    const log = await logOf(8000)
    const { done, said } = run({ sink: `${place.sink}&leaseMs=${place.leaseMs}` }, [log])
    await inMiddle(place, log, 2000)
    server.signal('SIGSTOP')
    onTestFinished(() => server.signal('SIGCONT'))
    await saying(said, /has not answered for 5 s/)
    server.signal('SIGCONT')
    await done
    await place.expectStoredOnce([log])
  }, 120_000)

  it('waits for a server that is not running yet, and reports that', async () => {
    const server = await ownServer('postgres')
    onTestFinished(() => server.remove())
    const url = `postgres://postgres@127.0.0.1:${server.port}/postgres`
    const log = await logOf(300)
    const said: string[] = []
    const done = pump({
      sink: await openSink(`${url}?schema=late&entries=all&leaseMs=600`),
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
      random: () => 0,
      logger: { info: (text) => said.push(text), warn: (text) => said.push(text) },
    })
    await saying(said, /the sink is opened again in .* ECONNREFUSED/)
    await server.start()
    await done
    expect(said.at(-1)).toBe('the sink takes entries again')
  }, 120_000)

  it('refuses a server that is too old, naming the version it needs', async () => {
    const server = await ownServer('postgres')
    onTestFinished(() => server.remove())
    await server.start()
    const proxy = await TcpProxy.open(server.port)
    onTestFinished(() => proxy.close())
    // As version 12 says it, in the same number of bytes.
    proxy.rewrite = (answer) => Buffer.from(answer.toString('latin1').replace(/\b1[3-9]00\d\d\b/, '120022'), 'latin1')
    const sink = await openSink(`postgres://postgres@127.0.0.1:${proxy.port}/postgres`)
    await expect(sink.open(undefined)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringMatching(/version 13 or later is needed/),
      actual: 120_022,
    })
  }, 120_000)

  it.skipIf(process.getuid?.() !== 0)(
    'waits while the disk is full, and goes on when there is room (root)',
    async () => {
      const server = await ownServer('postgres')
      onTestFinished(() => server.remove())
      const disk = smallDisk(server.folder, 400, ',mode=0700,uid=postgres')
      await server.start()
      const place = await postgresKillPlace(`postgres://postgres@127.0.0.1:${server.port}/postgres`)
      const log = await logOf(4000)
      const { done, said } = run(place, [log])
      await inMiddle(place, log, 1000)
      // What is left in the files that are there will do for a page or two.
      disk.fill()
      await saying(said, /opened again in .* (No space left on device|recovery mode|starting up|terminat|ECONN)/i)
      disk.empty()
      await server.kill().catch(() => {})
      await server.start()
      await done
      await place.expectEachOnce([log])
    },
    240_000,
  )
})
