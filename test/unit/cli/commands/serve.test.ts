import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { commands } from '../../../../src/cli/commands.js'
import { runCli } from '../../../../src/cli/run.js'
import { fastClock } from '../../../support/fast-clock.js'
import { freePort } from '../../../support/free-port.js'
import { embeddedLogs } from '../embedded.js'
import { sampleIo } from '../sample-io.js'

it.each([
  ['a log list', 'log-list', 'CT_LIST_INVALID', 556],
  ["a log's description of itself", 'log', 'CT_HTTP_NETWORK', 256],
])(
  'ct-stream serve listens before it can fetch %s, says what it waits for, and begins as soon as it can',
  async (_, flag, code, entries) => {
    const logs = await embeddedLogs()
    const { key, monitoringUrl, submissionUrl } = logs.tiled
    const description = JSON.stringify({ key, monitoring_url: monitoringUrl, submission_url: submissionUrl })
    const folder = mkdtempSync(join(tmpdir(), 'ct-stream-serve-'))
    onTestFinished(async () => {
      await logs.close()
      rmSync(folder, { recursive: true, force: true })
    })
    const [listPort, port, stop] = [await freePort(), await freePort(), new AbortController()]
    const argv = ['serve', '--port', String(port), `--${flag}`, `http://127.0.0.1:${listPort}/one.json`]
    const files = ['--checkpoint', join(folder, 'positions.db'), '--keep', join(folder, 'kept.db')]
    const changes = { clock: fastClock(50), stop: stop.signal }
    const { io, stdout, stderr } = sampleIo([...argv, ...files, '--start', 'beginning'], { changes })
    const over = runCli(io, commands)
    const ready = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
      return `${response?.status} ${(await response?.text())?.trim()}`
    }
    await expect
      .poll(ready, { timeout: 30_000 })
      .toMatch(new RegExp(`^503 .*can be reached yet: ${code} at attempt \\d+, the next at 20\\d\\d-[-\\dT:]+Z`))
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
    const lists = createServer((_, response) => response.end(flag === 'log' ? description : logs.list)).listen(
      listPort,
      '127.0.0.1',
    )
    onTestFinished(() => void lists.close())
    await once(lists, 'listening')
    await expect.poll(ready, { timeout: 30_000 }).toMatch(/^200 /)
    const status = async () => (await fetch(`http://127.0.0.1:${port}/api/v1/status`)).json()
    await expect.poll(status, { timeout: 30_000 }).toMatchObject({ entries })
    stop.abort()
    expect(await over, stderr()).toBe(0)
    // One server from the first attempt on: clients that connect early stay connected.
    expect(stdout()).toBe(`ct-stream serves at http://127.0.0.1:${port}/\n`)
  },
)
