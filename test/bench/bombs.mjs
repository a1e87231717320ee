// `npm run bench:bombs`: what the worst answers of a log that are within the bounds cost the process that asks for them. Each is asked
// for in a process of its own; peak memory and the longest block of the event loop have targets, and missing one fails.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'tsup'
import { measure } from './measure.mjs'

/** Just below the bound on answers with entries. */
const SIZE = 47 * 1024 * 1024
/** `maxBufferedBytes` is 64 MiB by default; a bomb may cost twice that. */
const MAX_MEMORY = 2 * 64 * 1024 * 1024
const MAX_BLOCK_MS = 100

const many = (text, size = SIZE) => text.repeat(Math.floor(size / text.length))
const keys = () => Array.from({ length: SIZE / 12 }, (_, i) => `"${i.toString(36)}":0`).join()
const entries = (...pairs) =>
  `{"entries":[${pairs.map(([leaf, extra]) => `{"leaf_input":"${leaf}","extra_data":"${extra}"}`).join()}]}`
const third = Math.floor(SIZE / 12) * 4
const u24 = (n) => Buffer.from([n >> 16, n >> 8, n])
const leaf = (length) => Buffer.concat([Buffer.alloc(12), u24(length), Buffer.alloc(length, 0x30), Buffer.alloc(2)])
/** A tile of 256 certificates that fill it. */
const tile = () => {
  const length = Math.floor(SIZE / 256) - 20
  const one = Buffer.concat([leaf(length).subarray(2), Buffer.alloc(2)])
  return Buffer.concat(Array(256).fill(one))
}

const bombs = {
  'nested arrays': ['entries', () => `{"x":${many('[')}`],
  'empty objects': ['entries', () => `{"entries":[${many('{},')}{}]}`],
  'distinct keys': ['entries', () => `{${keys()}}`],
  'white space': ['entries', () => `{${many(' ')}}`],
  'escaped slashes': ['entries', () => entries(['AAAA', many('\\/')])],
  'escaped letters': ['entries', () => entries([many('\\u0041', third * 2), 'AAAA'])],
  'one long leaf': ['entries', () => entries([many('AAAA'), ''])],
  'one long chain': ['entries', () => entries([leaf(3).toString('base64'), many('AAAA', 44_000_000)])],
  'long leaves': ['entries', () => entries(...Array(16).fill([many('AAAA', third / 6), many('AAAA', third / 48)]))],
  'get-entry-and-proof, arrays': ['proof', () => `{"x":${many('[')}`],
  'get-entry-and-proof, escapes': ['proof', () => `{"leaf_input":"${many('\\/')}","extra_data":"","audit_path":[]}`],
  'get-entry-and-proof, hashes': ['proof', () => `{"leaf_input":"","extra_data":"","audit_path":[${many('"",')}""]}`],
  'full tile': ['entries', tile, 'static-ct'],
}

/**
 * Asks for each bomb, plain and packed (`quick`: packed only).
 * @returns `{ memory, longestMs, missed }`: the worst of all, and how many missed a target.
 */
export async function measureBombs({ quick = false, onBomb = () => {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bombs-'))
  let served
  const server = createServer(({ url, headers }, response) => {
    if (!/get-entries|get-entry-and-proof|tile\/data/.test(url)) {
      response.writeHead(url.endsWith('small') ? 200 : 404).end('{}')
      return
    }
    const gzip = served.packed !== undefined && /gzip/.test(headers['accept-encoding'] ?? '')
    response.writeHead(200, gzip ? { 'content-encoding': 'gzip' } : {}).end(gzip ? served.packed : served.body)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${server.address().port}/`
  const worst = { memory: 0, longestMs: 0, missed: 0 }
  try {
    const steps = await buildSteps(folder)
    for (const [name, [ask, make, kind = 'rfc6962']] of Object.entries(bombs)) {
      const body = Buffer.from(make())
      const packed = gzipSync(body, { level: 9 })
      for (const sent of quick ? [packed] : [undefined, packed]) {
        served = { body, packed: sent }
        const { outcome, memory, longestMs } = await measure('bomb', { steps, url, kind, ask })
        const holds = memory < MAX_MEMORY && longestMs < MAX_BLOCK_MS
        if (!holds) worst.missed++
        worst.memory = Math.max(worst.memory, memory)
        worst.longestMs = Math.max(worst.longestMs, longestMs)
        onBomb({ name, packed: sent?.length, outcome, memory, longestMs, holds })
      }
    }
    return worst
  } finally {
    server.close()
    server.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function buildSteps(folder) {
  const source = (path) => JSON.stringify(join(import.meta.dirname, '../../src', path))
  const entry = join(folder, 'steps.ts')
  writeFileSync(
    entry,
    `export { openLog } from ${source('logs/open-log.ts')}
export { UndiciTransport } from ${source('http/undici-transport.ts')}
`,
  )
  const outExtension = () => ({ js: '.mjs' })
  await build({
    entry: [entry],
    outDir: join(import.meta.dirname, '../../node_modules/.cache/bombs'),
    format: 'esm',
    target: 'node20',
    config: false,
    silent: true,
    outExtension,
  })
  return pathToFileURL(join(import.meta.dirname, '../../node_modules/.cache/bombs/steps.mjs')).href
}

if (process.argv[1] === import.meta.filename) {
  console.log(`${'answer'.padEnd(30)} ${'packed'.padStart(8)} ${'memory'.padStart(8)} ${'block'.padStart(8)}`)
  const { missed } = await measureBombs({
    onBomb: ({ name, packed, outcome, memory, longestMs, holds }) => {
      const cells = [packed ? `${Math.round(packed / 1e3)} kB` : '', `${Math.round(memory / 2 ** 20)} MiB`]
      const row = [...cells, `${Math.round(longestMs)} ms`].map((cell) => cell.padStart(8)).join(' ')
      console.log(`${name.padEnd(30)} ${row} ${holds ? ' ' : '!'} ${outcome}`)
    },
  })
  console.log(`\ntargets: under ${MAX_MEMORY / 2 ** 20} MiB and ${MAX_BLOCK_MS} ms; ${missed} missed`)
  if (missed > 0) process.exitCode = 1
}
