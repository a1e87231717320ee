import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { BuiltCommand } from '../support/built-command.js'
import { grow, logOf } from '../support/logs.js'
import { upTo } from '../support/whole-messages.js'
import { write } from './queue-use.js'
import { noRedis, redisPlace } from './redis-place.js'

/** Writes the index of each entry to a file, a line for each, and fails on one of them. */
const MODULE = (file: string) => `
import { appendFileSync } from 'node:fs'
import { defineModule } from ${JSON.stringify(join(import.meta.dirname, '../../dist/modules.js'))}
export default defineModule({
  name: 'lines',
  onCertificate({ index }) {
    if (index === 7) throw new Error('not this one')
    appendFileSync(${JSON.stringify(file)}, index + '\\n')
  },
})
`

describe.skipIf(noRedis)('Redis, on the command line', () => {
  it('runs processors, and shows what they have set aside', async () => {
    const place = await redisPlace()
    const folder = mkdtempSync(join(tmpdir(), 'ct-stream-run-'))
    onTestFinished(async () => {
      await place.remove()
      rmSync(folder, { recursive: true, force: true })
    })
    const [file, module] = [join(folder, 'lines'), join(folder, 'lines.mjs')]
    writeFileSync(module, MODULE(file))
    writeFileSync(file, '')
    const log = await logOf(100)
    await write(place.url, log).done
    const db = `${place.url}&body=leaf&maxlen=1000000`
    const command = (...args: readonly string[]) => new BuiltCommand([...args, '--db', db], import.meta.dirname)
    const start = () => command('run', '--role', 'processor', '--module', module, '--port', '0', '--lease', '3s')
    const lines = () => readFileSync(file, 'utf8').split('\n').slice(0, -1).map(Number)
    const until = async (count: number, who: BuiltCommand) => {
      const began = performance.now()
      while (new Set(lines()).size < count) {
        if (performance.now() - began > 40_000) throw new Error(`${lines().length} of ${count}: ${who.stderr}`)
        await wait(50)
      }
    }
    const first = start()
    await until(99, first)
    expect(await first.stop()).toBe(0)
    grow(log, 50)
    await write(place.url, log).done
    const second = start()
    await until(149, second)
    expect(await second.stop()).toBe(0)
    // What was acknowledged did not come again.
    expect(lines()).toEqual(upTo(150).filter((index) => index !== 7))
    const list = command('parked', 'list', '--json')
    expect(await list.closed).toBe(0)
    expect(JSON.parse(list.stdout)).toMatchObject([{ index: 7, by: 'lines', group: 'processors' }])
    const drop = command('parked', 'drop', '--group', 'processors', '--all')
    expect([await drop.closed, drop.stdout]).toEqual([0, expect.stringContaining('1 dropped')])
  })

  it('refuses collectors, which nothing in Redis coordinates', async () => {
    const args = ['run', '--role', 'collector', '--db', 'redis://u:secret@127.0.0.1:1', '--port', '0']
    const command = new BuiltCommand(args, import.meta.dirname)
    expect([await command.closed, command.stderr]).toEqual([
      2,
      expect.stringContaining('--db: it must be the URL of a Postgres database or a Kafka cluster'),
    ])
    expect(command.stderr).not.toContain('secret')
  })
})
