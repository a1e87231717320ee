import { join } from 'node:path'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { issueCertificates } from '../../src/testing/index.js'
import { harmless } from '../../src/util/harmless.js'
import { browserForTests, describeInBrowser } from './chromium.js'
import { logOf, serve } from './serving.js'

const open = browserForTests()
const textsOf = (page: Page, selector: string) => page.locator(selector).allTextContents()
/** Certificates that the server has told of. */
const total = (page: Page) => page.locator('.figures > div').nth(1).locator('.value')

async function withLogs() {
  const sizes = [40, 300, 120]
  const logs = await Promise.all(
    sizes.map((size, i) => logOf({ entries: issueCertificates(size, { seed: `page ${i}`, sign: false }) })),
  )
  return { logs, served: await serve(logs), size: sizes.reduce((sum, size) => sum + size, 0) }
}

describeInBrowser('the page', () => {
  it('loads, counts all, shows what comes, and loads nothing from elsewhere', async () => {
    const { logs, served, size } = await withLogs()
    const { page, faults } = await open(served.url)
    await total(page).getByText(String(size)).waitFor()
    expect(await page.locator('.rows li').count()).toBeGreaterThan(5)
    expect(await page.locator('tbody tr').count()).toBe(3)
    const canvas = await page.locator('.chart canvas').boundingBox()
    expect(canvas?.width).toBeGreaterThan(400)
    logs[0]?.add(issueCertificates({ dnsNames: ['fresh.example.com'] }))
    logs[0]?.publish()
    await page.getByText('fresh.example.com').waitFor()
    expect(await total(page).textContent()).toBe(String(size + 1))
    const answer = await fetch(`${served.url}ui`)
    expect(answer.headers.get('content-security-policy')).not.toContain('unsafe')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    const again = await fetch(`${served.url}ui`, { headers: { 'If-None-Match': `${answer.headers.get('etag')}` } })
    expect([again.status, faults]).toEqual([304, []])
  })

  it('sorts the logs by mouse and by keyboard', async () => {
    const { served, size } = await withLogs()
    const { page, faults } = await open(served.url)
    await total(page).getByText(String(size)).waitFor()
    const names = () => textsOf(page, 'tbody th .name')
    const column = (order: string, title: string) => page.locator(`th[aria-sort=${order}]`, { hasText: title })
    await page.getByRole('columnheader', { name: 'Log' }).getByRole('button').click()
    await column('ascending', 'Log').waitFor()
    const ascending = await names()
    expect(ascending).toEqual([...ascending].sort())
    await page.keyboard.press('Enter')
    await column('descending', 'Log').waitFor()
    expect(await names()).toEqual(ascending.reverse())
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await column('ascending', 'State').waitFor()
    await column('none', 'Log').waitFor()
    expect(faults).toEqual([])
  })

  it('filters, pauses, and shows all of a certificate, by keyboard too', async () => {
    const { logs, served } = await withLogs()
    const { page, faults } = await open(served.url)
    await page.locator('.rows li').first().waitFor()
    await page.getByRole('searchbox').fill('MAIL precert')
    await page.getByText('so far').waitFor()
    await expect
      .poll(async () => (await textsOf(page, '.rows li')).filter((row) => !/mail.*pre/s.test(row)))
      .toEqual([])
    await page.getByRole('searchbox').fill('wanted.example')
    await page.getByText('None has matched yet.').waitFor()
    logs[1]?.add(
      issueCertificates([{ dnsNames: ['other.example'] }, { dnsNames: ['wanted.example', 'www.wanted.example'] }]),
    )
    logs[1]?.publish()
    await page.getByText('wanted.example').first().waitFor()
    expect(await page.locator('.rows li').count()).toBe(1)

    await page.locator('.rows button').focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.getByText('www.wanted.example').first().waitFor()
    expect(await dialog.getByText('in a tree that the log signed').count()).toBe(1)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    // The focus is back where it was.
    expect(await page.evaluate('document.activeElement.closest(".rows") !== null')).toBe(true)

    await page.getByRole('button', { name: 'Pause' }).click()
    logs[1]?.add(issueCertificates({ dnsNames: ['later.wanted.example'] }))
    const before = Number(await total(page).textContent())
    logs[1]?.publish()
    await total(page)
      .getByText(String(before + 1))
      .waitFor()
    expect(await page.locator('.rows li').count()).toBe(1)
    await page.getByRole('button', { name: 'Paused' }).click()
    await page.getByText('later.wanted.example').waitFor()
    expect(faults).toEqual([])
  })

  it('shows hostile names as text', async () => {
    // Of DNS names the library has escaped what no name can hold; other texts come as they are.
    const script = '<script>alert(1)'
    const image = '<img src=x onerror=alert(1)>'
    const log = await logOf({
      entries: issueCertificates([
        {
          dnsNames: [script, 'a\u0000b\u001b[31m.example'],
          issuer: { organization: `${image} \u202egro`, commonName: 'X' },
        },
        { subject: { organization: 'evil\u202emoc.elgoog \u0007</bdi>' } },
        { dnsNames: ['"><svg/onload=alert(1)>', '{{7*7}}', "javascript:alert('x')"], subject: { organization: image } },
      ]),
      description: `${image} \u202e`,
      operator: script,
    })
    const { url } = await serve([log])
    const { page, faults } = await open(url)
    await page.locator('.rows li').nth(2).waitFor()
    const rows = (await textsOf(page, '.rows li')).join('\n')
    for (const text of [script, 'evilU+202Emoc.elgoog U+0007', '"><svg', `${image} U+202Egro`])
      expect(rows).toContain(text)
    for (const i of [0, 1, 2]) {
      await page.locator('.rows button').nth(i).click()
      await page.getByRole('dialog').locator('dl').waitFor()
      await page.getByText('As JSON').click()
      await page.getByRole('button', { name: 'Close' }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    expect(await page.locator('#page :is(script, img, svg)').count()).toBe(0)
    const text = (await page.evaluate('document.body.innerText')) as string
    expect(text.replace(/[\n\t]/g, '')).toBe(harmless(text.replace(/[\n\t]/g, '')))
    expect(faults).toEqual([])
  })

  it('shows what modules find, with its score and reasons', async () => {
    const names = ['mail.one.example', 'www.two.example', 'webmail.three.example']
    const log = await logOf({ entries: issueCertificates(names.map((name) => ({ dnsNames: [name] }))) })
    const { url } = await serve([log], '--module', join(import.meta.dirname, 'module.mjs'))
    const { page, faults } = await open(url)
    const findings = page.locator('.findings li')
    await findings.nth(1).waitFor()
    expect(await total(page).textContent()).toBe('3')
    expect(await page.getByRole('region', { name: 'Findings' }).locator('.title').textContent()).toContain('2')
    const texts = (await findings.allTextContents()).sort()
    expect(texts[0]).toMatch(/^24 of 100, low.*webmail\.three\.example.*mail-names · mail/s)
    expect(texts[1]).toMatch(/^82 of 100, high.*mail\.one\.example.*<b>Its issuer<\/b> is U\+202Enew/s)
    expect(faults).toEqual([])
  })

  it('connects again when the server was restarted, and says so', async () => {
    const { logs, served, size } = await withLogs()
    const { page, faults } = await open(served.url)
    await total(page).getByText(String(size)).waitFor()
    await served.close()
    await page.getByText('No connection since').waitFor()
    expect(await page.getByRole('status').textContent()).toContain('connection is lost')
    await serve(logs, '--port', new URL(served.url).port)
    await page.getByText('The server was restarted at').first().waitFor()
    await total(page).getByText(String(size)).waitFor()
    await page.getByRole('button', { name: 'Dismiss' }).click()
    expect(await page.locator('.notice').count()).toBe(0)
    expect(faults).toEqual([])
  })

  it('asks for the token that the server wants, and keeps it in the tab alone', async () => {
    const log = await logOf({ entries: issueCertificates(5, { sign: false }) })
    const { url } = await serve([log], '--token', 'a-secret-of-ours')
    const { page, faults } = await open(url)
    await page.getByLabel('This server wants a token.').fill('a-wrong-one')
    await page.keyboard.press('Enter')
    await page.getByText('does not accept').waitFor()
    await page.getByLabel('This server wants a token.').fill('a-secret-of-ours')
    await page.keyboard.press('Enter')
    await page.locator('.rows li').nth(4).waitFor()
    await page.locator('.rows button').first().click()
    await page.getByRole('dialog').locator('dl').waitFor()
    await page.reload()
    await page.locator('.rows li').nth(4).waitFor()
    expect(await page.evaluate('localStorage.length + document.cookie.length')).toBe(0)
    expect([page.url(), faults]).toEqual([`${url}ui`, []])
  })

  it('can be read by those who do not see it, in both themes', async () => {
    const { served, size } = await withLogs()
    for (const colorScheme of ['dark', 'light'] as const) {
      const { page } = await open(served.url, { colorScheme, bypassCSP: true })
      await total(page).getByText(String(size)).waitFor()
      await page.addScriptTag({ content: axe.source })
      const check = async () =>
        ((await page.evaluate('axe.run()')) as { violations: { id: string; impact: string; nodes: unknown[] }[] })
          .violations
      expect((await check()).map(({ id, impact, nodes }) => `${impact}: ${id} ${JSON.stringify(nodes[0])}`)).toEqual([])
      await page.locator('.rows button').first().click()
      await page.getByRole('dialog').locator('dl').waitFor()
      expect((await check()).map(({ id, impact, nodes }) => `${impact}: ${id} ${JSON.stringify(nodes[0])}`)).toEqual([])
    }
  })

  it('has a switch for the theme that outlasts the visit', async () => {
    const { served } = await withLogs()
    const { page, faults } = await open(served.url, { colorScheme: 'dark' })
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const dark = await ground()
    await page.getByText('light', { exact: true }).click()
    const light = await ground()
    expect(light).not.toBe(dark)
    await page.reload()
    await page.locator('.rows li').first().waitFor()
    expect([await ground(), await page.getByRole('radio', { name: 'light' }).isChecked()]).toEqual([light, true])
    expect(faults).toEqual([])
  })
})
