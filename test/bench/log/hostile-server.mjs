// Logs that hurt, in a process of their own, each at an origin of its own: `node hostile-server.mjs '{"logs":[{"kind":…,…},…]}'`, started
// with an IPC channel; it sends `{ ready: { logs: [{ url, key }, …] } }`. All of them sign honest heads over provable entries.
//
// - `{ kind: 'fat', size, bytes, page }`: entries of so many bytes, at most `page` of them in an answer.
// - `{ kind: 'slow', delayMs }`: answers with entries after so long.
// - `{ kind: 'interim', of: 'entries' | 'all' }`: endless 103 answers, and never the answer.
import { hash } from 'node:crypto'
import { createServer } from 'node:http'
import { LogSigner } from './signing.mjs'
import { Tree } from './tree.mjs'

const FIRST_TIME = Date.UTC(2026, 0, 1)
const INTERIM_EVERY_MS = 5

/** Entries that differ in their timestamps: what is in them is no certificate, which is for their reader to say. */
class Entries {
  constructor(size, bytes) {
    const head = Buffer.alloc(15)
    head.writeUIntBE(bytes, 12, 3)
    // MerkleTreeLeaf: version, leaf type, timestamp, entry type, certificate, extensions. 0x00 before it is that of its hash.
    this.leaf = Buffer.concat([Buffer.of(0), head, Buffer.alloc(bytes, 0x30), Buffer.alloc(2)])
    this.base64 = this.leaf.toString('base64', 1)
    this.tree = new Tree(size, (index) => hash('sha256', this.at(index), 'binary'))
  }

  at(index) {
    this.leaf.writeUIntBE(FIRST_TIME + index, 1 + 2 + 2, 6)
    return this.leaf
  }

  /** The base64 of the leaf, in pieces: only its beginning differs. */
  parts(index) {
    const beginning = this.at(index).toString('base64', 1, 1 + 12)
    return ['{"leaf_input":"', beginning, this.base64.slice(beginning.length), '","extra_data":"AAAA"}']
  }
}

const shared = new Map()
function entriesOf({ size = 2_560, bytes = 2_000 }) {
  const name = `${size} ${bytes}`
  if (!shared.has(name)) shared.set(name, new Entries(size, bytes))
  return shared.get(name)
}

async function serve(log) {
  const { kind, page = 256 } = log
  const signer = new LogSigner()
  const entries = entriesOf(log)
  const { tree } = entries
  const root = tree.root(0, tree.size)

  const getEntries = (response, start, end) => {
    const last = Math.min(end, start - (start % page) + page, tree.size)
    const parts = ['{"entries":[']
    for (let i = start; i < last; i++) parts.push(...entries.parts(i), i + 1 < last ? ',' : ']}')
    response.end(parts.join(''))
  }
  const answer = (request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1')
    const number = (name) => Number(url.searchParams.get(name))
    const asksEntries = url.pathname.endsWith('get-entries')
    if (kind === 'interim' && (log.of === 'all' || asksEntries)) return endlessly(response)
    if (url.pathname.endsWith('get-sth'))
      return response.end(signer.sth({ treeSize: tree.size, timestamp: Date.now(), root }))
    if (url.pathname.endsWith('get-sth-consistency')) {
      const proof = tree.consistency(number('first'), number('second'))
      return response.end(JSON.stringify({ consistency: proof.map((node) => node.toString('base64')) }))
    }
    if (!asksEntries) return response.writeHead(404).end()
    const send = () => getEntries(response, number('start'), number('end') + 1)
    if (kind === 'slow') setTimeout(send, log.delayMs)
    else send()
  }
  const server = createServer(answer)
  server.keepAliveTimeout = 0
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${server.address().port}/`, key: signer.spki.toString('base64') }
}

function endlessly({ socket }) {
  const timer = setInterval(
    () => socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n'),
    INTERIM_EVERY_MS,
  )
  socket.on('error', () => {})
  socket.once('close', () => clearInterval(timer))
}

const logs = []
for (const log of JSON.parse(process.argv[2]).logs) logs.push(await serve(log))
process.send({ ready: { logs } })
process.on('disconnect', () => process.exit(0))
