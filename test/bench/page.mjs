// How long a browser stands still with the server's page open at 1,000 certificates a second:
// `npm run bench:page -- [--seconds 60] [--rate 1000] [--json] [--dist FOLDER]`. Needs Debian's chromium.
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const LONGEST_MS = 200
const PAGES_PER_SECOND = 10

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
    dist: { type: 'string', default: 'dist' },
  },
})
const [seconds, rate] = [Number(values.seconds), Number(values.rate)]
const load = (name) => import(pathToFileURL(join(resolve(values.dist), name)))
const { ctStream } = await load('index.js')
const { createTestLog, issueCertificates } = await load('testing.js')
const { createServer } = await load('server.js')

// A little more than is read, so that the log has no end within the time.
const log = await createTestLog({
  entries: issueCertificates(rate * (seconds + 20), { sign: false }),
  description: 'Bench 2026h2',
})
const stream = ctStream({ logs: [log.spec], start: 'beginning', checkpoint: false, acknowledge: 'manual' })
const source = {
  acknowledgement: 'manual',
  acknowledge: (certificate) => stream.acknowledge(certificate),
  status: () => stream.status(),
  on: (event, listener) => stream.on(event, listener),
  close: () => stream.close(),
  [Symbol.asyncIterator]: () => stream[Symbol.asyncIterator](),
  async *batches() {
    let [count, began] = [0, performance.now()]
    for await (const batch of stream.batches({ maxEntries: rate / PAGES_PER_SECOND })) {
      yield batch
      count += batch.length
      const ahead = (count / rate) * 1000 - (performance.now() - began)
      // What was missed on a busy machine is not made up for in a rush.
      if (ahead < -1000) [count, began] = [0, performance.now()]
      if (ahead > 0) await wait(ahead)
    }
  },
}
const server = createServer({ source, port: 0, keep: false })
const { url } = await server.listen()
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await page.addInitScript(`
    window.longTasks = []
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
      .observe({ type: 'longtask', buffered: true })`)
  const total = async () => Number((await page.locator('.figures .value').nth(1).textContent()).replace(/\D/g, ''))
  await page.goto(`${url}ui`)
  await page.locator('.rows li').nth(20).waitFor()
  const [before, cpu, began] = [await total(), process.cpuUsage(), performance.now()]
  await wait((seconds / 2) * 1000)
  await page.getByRole('searchbox').fill('example')
  await wait((seconds / 2) * 1000)
  const elapsed = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const longTasks = await page.evaluate('longTasks')
  const heap = await page.evaluate('performance.memory.usedJSHeapSize')
  const result = {
    seconds: Math.round(elapsed),
    perSecond: Math.round(((await total()) - before) / elapsed),
    longTasks: longTasks.length,
    longestMs: Math.round(Math.max(0, ...longTasks)),
    heapMib: Math.round(heap / 2 ** 20),
    // Of this process: the log, the stream and the server.
    cores: Math.round((user + system) / 1e4 / elapsed) / 100,
  }
  if (values.json) console.log(JSON.stringify(result))
  else {
    console.log(`${result.perSecond} certificates/s shown for ${result.seconds} s, the second half with a filter`)
    console.log(`tasks over 50 ms: ${result.longTasks}, the longest ${result.longestMs} ms (at most ${LONGEST_MS})`)
    console.log(`heap of the page ${result.heapMib} MiB; log, stream and server ${result.cores} cores`)
  }
  process.exitCode = result.longestMs > LONGEST_MS || result.perSecond < 0.8 * rate ? 1 : 0
} finally {
  await browser.close()
  await server.close()
  await log.close()
}
