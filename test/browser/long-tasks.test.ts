import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { describeInBrowser } from './chromium.js'

const root = join(import.meta.dirname, '..', '..')

describeInBrowser('the page at 1,000 certificates a second', () => {
  it('does not stand still', async () => {
    const argv = [join(root, 'test', 'bench', 'page.mjs'), '--json', '--seconds', '10']
    const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: root }).catch(
      (failure: { stdout: string; stderr: string }) => {
        if (failure.stdout === '') throw failure
        return failure
      },
    )
    const result = JSON.parse(stdout) as { longestMs: number; perSecond: number }
    expect(result.perSecond).toBeGreaterThan(500)
    expect(result.longestMs).toBeLessThanOrEqual(200)
  })
})
