import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../../../../src/cli/commands.js'
import { runCli } from '../../../../src/cli/run.js'
import { systemClock } from '../../../../src/util/clock.js'
import { domains, testServer } from '../../certstream/server.js'
import { type EmbeddedLogs, embeddedLogs, runWith } from '../embedded.js'
import { sampleIo, sink } from '../sample-io.js'

const folder = mkdtempSync(join(tmpdir(), 'ct-stream-top-'))
const list = join(folder, 'list.json')
let logs: EmbeddedLogs
beforeAll(async () => {
  logs = await embeddedLogs()
  writeFileSync(list, logs.list)
})
afterAll(async () => {
  await logs.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A terminal, and what of it was set. */
function terminal() {
  const screen = sink()
  const raw: boolean[] = []
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (isRaw: boolean) => raw.push(isRaw) })
  const stdout = Object.assign(screen.stream, { isTTY: true, columns: 110, rows: 12 })
  return { stdin, stdout, raw, text: screen.text }
}

const [entered, left] = ['\u001b[?1049h', '\u001b[?1049l']

describe('ct-stream top', () => {
  it('shows the logs until q, keeps nothing, and gives the terminal back', async () => {
    const { stdin, stdout, raw, text } = terminal()
    const checkpoint = join(folder, 'none.db')
    const argv = ['top', '--log-list', list, '--start', 'beginning']
    const { io, stderr } = sampleIo(argv, { changes: { stdin, stdout, clock: systemClock } })
    // Of the static-ct log a full tile: one that is not full yet is asked for later.
    const over = runCli(io, commands)
    await expect.poll(text, { timeout: 30_000 }).toMatch(/556 entries · 2 logs: 2 live/)
    expect(text().startsWith(entered)).toBe(true)
    expect(text()).toMatch(/Example 'Argon2026' log +\S*live/)
    stdin.write('/willow')
    await expect.poll(text).toContain('filter: willow')
    stdin.write('\rq')
    expect([await over, stderr()]).toEqual([0, ''])
    expect(raw).toEqual([true, false])
    expect(text().split(left)[1]).toContain('556 entries · 2 logs')
    expect(() => rmSync(checkpoint)).toThrow('ENOENT')
  })

  it('shows the logs that a CertStream server tells of, and when the server is gone', async () => {
    const server = await testServer((client) => {
      for (const [cert_index, name] of ['Oak', 'Oak', 'Elm'].entries()) {
        const source = { url: `https://${name}.example/`, name, timestamp: 1_790_000_000 }
        const leaf_cert = { all_domains: ['a.example'] }
        client.send(JSON.stringify({ message_type: 'certificate_update', data: { leaf_cert, cert_index, source } }))
      }
      client.send(domains('b.example'))
    })
    const { stdin, stdout, text } = terminal()
    const argv = ['top', '--source', server.url]
    const { io, stderr } = sampleIo(argv, { changes: { stdin, stdout, clock: systemClock } })
    const over = runCli(io, commands)
    await expect.poll(text, { timeout: 30_000 }).toMatch(/4 entries · 3 logs: 3 live/)
    expect(text()).toContain('nobody has proven what a server sends')
    for (const name of ['Oak', 'Elm', 'a log without a name']) expect(text()).toMatch(new RegExp(`${name} +\\S*live`))
    server.refuseWith = 503
    for (const client of server.clients) client.terminate()
    await expect.poll(text, { timeout: 30_000 }).toMatch(/3 logs: 3 waiting/)
    stdin.write('q')
    expect([await over, stderr()]).toEqual([0, ''])
  })

  it('refuses --source together with what says which logs to read', async () => {
    const { io, stderr } = sampleIo(['top', '--source', 'ws://127.0.0.1:1/', '--log-list', list])
    expect(await runCli(io, commands)).toBe(2)
    expect(stderr()).toContain('--source and --log-list exclude each other')
  })

  it('gives the terminal back when it fails', async () => {
    const { stdin, stdout, raw, text } = terminal()
    const argv = ['top', '--log-list', join(folder, 'missing.json')]
    const { io, stderr } = sampleIo(argv, { changes: { stdin, stdout, clock: systemClock } })
    expect(await runCli(io, commands)).not.toBe(0)
    expect([raw, text().endsWith(left)]).toEqual([[true, false], true])
    expect(stderr()).toContain('missing.json')
  })

  it('is refused where there is no terminal, and says what is for programs', async () => {
    const { code, stdout, stderr } = await runWith(['top', '--log-list', list])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('top needs a terminal; ct-stream status --json is for programs')
  })
})
