import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { defineModule } from '../../../src/modules/index.js'
import { createServer } from '../../../src/server/index.js'
import { PageSource } from '../../support/acknowledged-source.js'
import { hasPromtool, promtool } from '../../support/built-command.js'
import { closing } from '../../support/closing.js'
import { log, status } from '../cli/sample-status.js'

const root = join(import.meta.dirname, '..', '..', '..')
const folder = join(root, 'examples', 'monitoring')
const text = (file: string) => readFileSync(join(folder, file), 'utf8')
const place = mkdtempSync(join(tmpdir(), 'ct-stream-monitoring-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))

/** Names of everything that a server with modules answers. */
async function families(): Promise<string[]> {
  const source = Object.assign(new PageSource([], { staysOpen: true }), { status: () => status([log()]) })
  const modules = [defineModule({ name: 'none', onCertificate() {} })]
  const server = closing(createServer({ source, port: 0, keep: false, modules }))
  const { url } = await server.listen()
  const answer = await (await fetch(`${url}metrics`)).text()
  return [...answer.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name)
}

describe('examples/monitoring', () => {
  it.each(['rules.yml', 'rules.test.yml', 'dashboard.json'])('%s names metrics that there are', async (file) => {
    const named = new Set(text(file).match(/\bct_stream_[a-z0-9_]+/g))
    expect(named.size).toBeGreaterThan(8)
    const known = await families()
    expect([...named].filter((name) => !known.includes(name))).toEqual([])
  })

  it('has the dashboard that its script makes', () => {
    const made = join(place, 'dashboard.json')
    execFileSync(process.execPath, [join(folder, 'dashboard.mjs'), made])
    expect(JSON.parse(text('dashboard.json'))).toEqual(JSON.parse(readFileSync(made, 'utf8')))
  })

  it('has panels that do not lie upon each other', () => {
    const { panels } = JSON.parse(text('dashboard.json')) as {
      panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[]
    }
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  })

  it.skipIf(!hasPromtool)(
    'has rules and a configuration that Prometheus takes, and alerts for what they are for',
    () => {
      expect(promtool(['check', 'config', join(folder, 'prometheus.yml')])).toMatchObject({ status: 0 })
      const { status, said } = promtool(['test', 'rules', join(folder, 'rules.test.yml')])
      expect(status, said).toBe(0)
      const alerts = [...text('rules.yml').matchAll(/alert: (\S+)/g)].map(([, name]) => name)
      const tested = text('rules.test.yml')
      for (const alert of alerts)
        expect(tested, alert).toMatch(new RegExp(`alertname: ${alert}\\n\\s+exp_alerts:\\n\\s+- exp_labels`))
    },
  )
})
