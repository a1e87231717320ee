// The log that is read: a process of its own. `node server.mjs '{"size":…,"tiledSize":…,"dist":…}'`, started with an IPC channel:
// it sends `{ ready: { url, key, logId, … } }`, then answers `'usage'` with the CPU time it has used.
//
// Below `/<n>/` stands the log as it was at size n, in both protocols, so that runs of any length read the same entries.
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { EntrySet, PAGE } from './entries.mjs'
import { Pages, part } from './pages.mjs'
import { LogSigner } from './signing.mjs'
import { sourceEntries } from './sources.mjs'
import { Tree } from './tree.mjs'

const { size, tiledSize, dist } = JSON.parse(process.argv[2])
const { origin: source, entries: sources } = await sourceEntries(dist)
const entries = new EntrySet(sources)
const tree = new Tree(size, (index) => entries.leafHash(index))
const pages = new Pages(entries)
const tiles = await renderTiles(tiledSize)
const signer = new LogSigner()
const roots = new Map()

/** Signed when it is asked for: a head must not be older than the log's maximum merge delay. */
function headOf(treeSize) {
  if (!roots.has(treeSize)) roots.set(treeSize, tree.root(0, treeSize))
  return { treeSize, timestamp: Date.now(), root: roots.get(treeSize) }
}

/** Data tiles, compressed. */
async function renderTiles(count) {
  const zip = promisify(gzip)
  const rendered = []
  for (let start = 0; start < count; start += PAGE) {
    const tile = Buffer.concat(Array.from({ length: PAGE }, (_, i) => entries.tileLeaf(start + i)))
    rendered.push(zip(tile))
    if (rendered.length % 8 === 0) await rendered.at(-1)
  }
  return await Promise.all(rendered)
}

const json = { 'content-type': 'application/json' }
const octets = { 'content-type': 'application/octet-stream' }

function answer(request, response) {
  const url = new URL(request.url, 'http://127.0.0.1')
  const [, sizeText, ...rest] = url.pathname.split('/')
  const treeSize = Number(sizeText)
  const path = rest.join('/')
  const number = (name) => Number(url.searchParams.get(name))
  if (!(treeSize > 0 && treeSize <= size)) return send(response, 404, octets, 'no log of this size\n')
  switch (path) {
    case 'ct/v1/get-sth':
      return send(response, 200, json, signer.sth(headOf(treeSize)))
    case 'ct/v1/get-entries':
      return getEntries(response, number('start'), Math.min(number('end') + 1, treeSize))
    case 'ct/v1/get-sth-consistency': {
      const proof = tree.consistency(number('first'), number('second'))
      return send(response, 200, json, JSON.stringify({ consistency: proof.map((node) => node.toString('base64')) }))
    }
    case 'checkpoint':
      return send(response, 200, octets, signer.checkpoint(headOf(treeSize), `${request.headers.host}/${sizeText}`))
    default:
      return getTile(response, path, treeSize)
  }
}

/** No answer crosses a multiple of 256, as with Google's and DigiCert's logs. */
function getEntries(response, start, end) {
  const number = Math.floor(start / PAGE)
  const first = number * PAGE
  if (!(start < end) || first + PAGE > size) return send(response, 400, octets, 'need tree size\n')
  const page = pages.page(number)
  response.on('close', page.release)
  const whole = start === first && end >= first + PAGE
  send(response, 200, json, whole ? page.body : part(page, start - first, Math.min(end - first, PAGE)))
}

function getTile(response, path, treeSize) {
  const [, level, digits, width] = /^tile\/(data|\d)\/([x\d/]+?)(?:\.p\/(\d+))?$/.exec(path) ?? []
  if (level === undefined) return send(response, 404, octets, 'not found\n')
  const index = Number(digits.replace(/[x/]/g, ''))
  if (level === 'data') {
    const tile = tiles[index]
    if (tile === undefined || width !== undefined) return send(response, 404, octets, 'no such tile\n')
    return send(response, 200, { ...octets, 'content-encoding': 'gzip' }, tile)
  }
  const count = width === undefined ? 256 : Number(width)
  if ((index * 256 + count) * 256 ** level > treeSize) return send(response, 404, octets, 'no such tile\n')
  return send(response, 200, octets, tree.nodes(8 * level, index * 256, count))
}

function send(response, status, headers, body) {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

const server = createServer(answer)
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => {
  const bytes = pages.rendered.reduce((sum, { body }) => sum + body.length, 0) / entries.count
  const tileBytes = tiles.reduce((sum, tile) => sum + tile.length, 0) / Math.max(1, tiledSize)
  process.send({
    ready: {
      url: `http://127.0.0.1:${server.address().port}`,
      key: signer.spki.toString('base64'),
      logId: signer.logId.toString('base64'),
      source,
      templates: entries.count,
      precertificates: entries.templates.filter(({ isPrecert }) => isPrecert).length,
      bytesPerEntry: bytes,
      tileBytesPerEntry: tileBytes,
      rss: process.memoryUsage.rss(),
    },
  })
})
process.on('message', (message) => {
  if (message !== 'usage') return
  const { user, system } = process.cpuUsage()
  process.send({ usage: { cpuMs: (user + system) / 1000, rss: process.memoryUsage.rss() } })
})
process.on('disconnect', () => process.exit(0))
