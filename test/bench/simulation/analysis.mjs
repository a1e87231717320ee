// What the reader brought, what was asked of the logs, and what both mean.

/** What was lost, came twice, or never came: empty when all is well. */
export function faultsOf({ plan, sizes, reader }) {
  const found = reader.wrong.map(({ log, kind, what }) => `${name(plan, log)}${kind}: ${what}`)
  if (reader.how !== 'caught up')
    found.push(`the reader ended for another reason: ${reader.how ?? 'it was not told to'}`)
  plan.forEach((_, i) => {
    if (reader.next[i] !== sizes[i]) found.push(`${name(plan, i)}read to ${reader.next[i]} of ${sizes[i]}`)
    else if (reader.positions[i] !== sizes[i])
      found.push(`${name(plan, i)}the checkpoint says ${reader.positions[i]} of ${sizes[i]}`)
  })
  return found
}

const name = (plan, i) => (plan[i] === undefined ? '' : `${plan[i].description}: `)

// — delays

/** Milliseconds from the publication of an entry to its delivery, by group of logs, and overall. */
export function delaysOf({ plan, server, reader }) {
  const caughtUpAt = plan.map((entry, i) =>
    entry.begins
      ? (reader.runs.find(([log, , end]) => log === i && end >= entry.size)?.[3] ?? Number.POSITIVE_INFINITY)
      : 0,
  )
  const groups = new Map()
  const add = (group, delay, count) => {
    if (!groups.has(group)) groups.set(group, [])
    groups.get(group).push([delay, count])
  }
  const at = plan.map(() => 0)
  for (const [log, start, end, deliveredAt] of reader.runs) {
    const { published } = server.logs[log]
    const { kind, trait } = plan[log]
    for (let index = start; index < end; ) {
      while (at[log] < published.length && published[at[log]][1] <= index) at[log]++
      if (at[log] === published.length) break
      const [publishedAt, size] = published[at[log]]
      const count = Math.min(end, size) - index
      index += count
      // What was there before, or came while a backlog was read, is no live entry.
      if (size - count < plan[log].size || publishedAt < caughtUpAt[log]) continue
      const delay = deliveredAt - publishedAt
      add(`${kind}, ${trait}`, delay, count)
      if (['plain', 'backlog', '32 a page', 'backlog, 32 a page'].includes(trait))
        add(`${kind}, all sound logs`, delay, count)
      add('all', delay, count)
    }
  }
  const order = [...new Set(plan.map(({ kind, trait }) => `${kind}, ${trait}`))]
  return [...order, 'rfc6962, all sound logs', 'static-ct, all sound logs', 'all']
    .filter((group) => groups.has(group))
    .map((group) => ({ group, ...quantiles(groups.get(group)) }))
}

function quantiles(weighted) {
  weighted.sort(([a], [b]) => a - b)
  const entries = weighted.reduce((sum, [, count]) => sum + count, 0)
  const quantile = (q) => {
    let seen = 0
    for (const [value, count] of weighted) if ((seen += count) >= q * entries) return value
    return weighted.at(-1)[0]
  }
  return { entries, median: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99), max: weighted.at(-1)[0] }
}

// — requests

const isOk = ({ status }) => status === 200

/** Requests made beside the fewest possible, one row for each kind of request. */
export function requestsOf({ plan, server, reader, sizes, pollIntervalMs }) {
  const rows = new Map()
  const add = (what, requests, minimum, again = 0) => {
    const row = rows.get(what) ?? { what, made: 0, answered: 0, minimum: 0, again: 0, bytes: 0 }
    row.made += requests.length
    row.answered += requests.filter(isOk).length
    row.minimum += minimum
    row.again += again
    row.bytes += requests.reduce((sum, { bytes }) => sum + bytes, 0)
    rows.set(what, row)
  }
  plan.forEach((entry, i) => {
    const { requests } = server.logs[i]
    const of = (...endpoints) => requests.filter(({ endpoint }) => endpoints.includes(endpoint))
    const start = firstIndex(reader, i) ?? sizes[i]
    const heads = reader.heads.filter(([log]) => log === i).map(([, size]) => size)
    const { kind, pageSize } = entry

    const asked = of('get-sth', 'checkpoint')
    const spanMs = (asked.at(-1)?.at ?? 0) - (asked[0]?.at ?? 0)
    add(`${kind}: heads`, asked, Math.ceil(spanMs / pollIntervalMs) + 1)

    if (kind === 'rfc6962') {
      const pages = of('get-entries')
      add('rfc6962: pages, for the heads it read', pages, pagesFor(heads, start, pageSize), repeated(pages))
      add('rfc6962: pages, had it waited for full ones', pages, pagesBetween(start, sizes[i], pageSize))
      // A backlog is proven by the heads it ends at, and one proof in fifty pages; a log met in the middle by one proof.
      const proofs = of('get-sth-consistency', 'get-entry-and-proof', 'get-proof-by-hash')
      add('rfc6962: proofs', proofs, entry.begins ? Math.floor(entry.size / pageSize / 50) : 1, repeated(proofs))
      return
    }
    const full = of('data-tile').filter(({ width }) => width === 256)
    const fullTiles = Math.floor(sizes[i] / 256) - Math.floor(start / 256)
    add('static-ct: full data tiles', full, fullTiles, repeated(full))
    const partial = of('data-tile').filter(({ width }) => width < 256)
    add('static-ct: partial data tiles', partial, sizes[i] % 256 === 0 ? 0 : 1, repeated(partial))
    const hashes = of('tile')
    add('static-ct: hash tiles', hashes, edgesFor(heads), repeated(hashes))
  })
  for (const endpoint of ['issuer', 'get-roots', 'other']) {
    const all = server.logs.flatMap(({ requests }) => requests.filter((request) => request.endpoint === endpoint))
    if (all.length > 0) add(endpoint, all, 0)
  }
  return [...rows.values()]
}

const firstIndex = ({ runs }, log) => runs.find((run) => run[0] === log)?.[1]

/** Pages that `[start, end)` touches. */
const pagesBetween = (start, end, page) => (end <= start ? 0 : Math.ceil(end / page) - Math.floor(start / page))

/** … when it is read up to each head as it becomes known. */
function pagesFor(heads, start, page) {
  let pages = 0
  let position = start
  for (const head of heads) {
    pages += pagesBetween(position, head, page)
    position = Math.max(position, head)
  }
  return pages
}

/**
 * Hash tiles at the right edge of each tree that was seen, each once: with them every head is verified while its last data
 * tile is not read, as static-ct-api demands. A partial tile of one width never changes.
 */
function edgesFor(heads) {
  const tiles = new Set()
  for (const head of heads)
    for (let level = 0, hashes = head; hashes > 0; level++, hashes = Math.floor(hashes / 256))
      if (hashes % 256 !== 0) tiles.add(`${level}/${hashes}`)
  return tiles.size
}

/** Requests whose answer had come before. */
function repeated(requests) {
  const seen = new Set()
  let again = 0
  for (const { path, status } of requests) {
    if (status !== 200) continue
    if (seen.has(path)) again++
    seen.add(path)
  }
  return again
}

// — backlogs

/** How the logs that began with a backlog were read: by page size. */
export function backlogsOf({ plan, server, reader, grownAt }) {
  const groups = new Map()
  plan.forEach((entry, i) => {
    if (!entry.begins) return
    const { kind, pageSize, size } = entry
    const group = `${kind}, ${pageSize} a page`
    const row = groups.get(group) ?? { group, logs: 0, entries: 0, answers: 0, full: 0, fullEntries: 0, caughtUpMs: 0 }
    row.logs++
    row.entries += size
    for (const { endpoint, start, index, width, count, status } of server.logs[i].requests) {
      if (status !== 200 || (endpoint !== 'get-entries' && endpoint !== 'data-tile')) continue
      const first = start ?? index * 256
      // The page in which the backlog ends may be read in two parts.
      if (first >= size - (size % pageSize)) continue
      row.answers++
      const isFull = kind === 'static-ct' ? width === 256 : count === pageSize && first % pageSize === 0
      if (isFull) row.full++
      if (isFull) row.fullEntries += count
    }
    const last = reader.runs.find(([log, , end]) => log === i && end >= size)
    row.caughtUpMs = Math.max(row.caughtUpMs, (last?.[3] ?? Number.NaN) - grownAt)
    groups.set(group, row)
  })
  return [...groups.values()]
}
