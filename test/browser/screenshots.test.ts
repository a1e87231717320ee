import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { issueCertificates, type TestLog } from '../../src/testing/index.js'
import { browserForTests, describeInBrowser } from './chromium.js'
import { logOf, serve } from './serving.js'

const open = browserForTests()

describeInBrowser('pictures of the page', () => {
  it('are taken in both themes, narrow and wide, and nothing is wider than the window', async () => {
    const folder = process.env.CT_STREAM_TEST_SCREENSHOTS ?? mkdtempSync(join(tmpdir(), 'ct-stream-pictures-'))
    mkdirSync(folder, { recursive: true })
    const names = ['Argon 2026h2', 'Wyvern 2026h2', 'Sphinx 2027h1', 'Elephant 2026h2', 'Willow 2026h2', 'Nimbus 2026']
    const logs = await Promise.all(
      names.map((description, i) =>
        logOf({
          description,
          operator: `Operator ${i % 3}`,
          pageSize: 16,
          entries: issueCertificates(250 + 50 * i, { seed: description, sign: false }),
        }),
      ),
    )
    // So that the chart has more than one moment to show.
    for (const [i, log] of logs.entries())
      log.fault(i === 2 ? { on: 'get-entries', status: 503 } : { on: 'get-entries', delayMs: 200 + 100 * i })
    const { url } = await serve(logs, '--module', join(import.meta.dirname, 'module.mjs'))
    const first = await open(url)
    await first.page.getByText('live').nth(4).waitFor()
    // Another tree of the same size: the head of a log that lies.
    const [liar] = logs.slice(4) as [TestLog]
    const fork = liar.fork(10)
    fork.add(issueCertificates(liar.size - 10, { sign: false, seed: 'fork' }))
    fork.publish()
    liar.fault({ on: '*', from: fork })
    for (const theme of ['dark', 'light'] as const)
      for (const width of [1440, 390]) {
        const { page, faults } = await open(url, { viewport: { width, height: 900 }, colorScheme: theme })
        await page.getByText('misbehaving').first().waitFor()
        await page.getByText('waiting').first().waitFor()
        await page.locator('.rows li').nth(5).waitFor()
        await page.locator('.findings li').first().waitFor()
        await page.screenshot({ path: join(folder, `${theme}-${width}.png`), fullPage: true })
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        expect([theme, width, overflow, faults]).toEqual([theme, width, 0, []])
      }
  })
})
