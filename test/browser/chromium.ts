import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe } from 'vitest'
import { closing } from '../support/closing.js'

const executablePath = '/usr/bin/chromium'
const isThere = existsSync(executablePath)
if (!isThere && process.env.CT_STREAM_TEST_CHROMIUM === 'required')
  throw new Error(`${executablePath} is missing, and CT_STREAM_TEST_CHROMIUM says that it must be there`)
if (!isThere) console.warn(`tests of the page are skipped: there is no ${executablePath} (apt-get install chromium)`)

/** Tests in a browser; skipped where there is none. */
export const describeInBrowser = isThere ? describe : describe.skip

/** What a page did that it should not have. */
export interface Watched {
  readonly page: Page
  /** Errors, what the policy refused, requests to other hosts. */
  readonly faults: readonly string[]
}

/** A browser for the tests of a file. */
export function browserForTests() {
  let browser: Browser | undefined
  beforeAll(async () => {
    if (isThere) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  })
  afterAll(() => browser?.close())
  return async (url: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Watched> => {
    if (browser === undefined) throw new Error('there is no browser')
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
    closing(context)
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
    page.on('console', (message) => {
      // That the server went away is what some tests are about; the browser reports each request that failed.
      if (message.type() === 'error' && !/Failed to load resource|ERR_/.test(message.text()))
        faults.push(message.text())
    })
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin) faults.push(`request: ${request.url()}`)
    })
    page.on('dialog', (dialog) => {
      faults.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    await page.exposeFunction('reportFault', (fault: string) => faults.push(fault))
    // As text: it runs in the browser, whose types those of Node are not.
    await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
      reportFault('policy: ' + event.violatedDirective + ' ' + event.blockedURI))`)
    await page.goto(`${url}ui`)
    return { page, faults }
  }
}
