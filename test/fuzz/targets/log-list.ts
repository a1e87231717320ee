import { createHash } from 'node:crypto'
import { parseListBytes } from '../../../src/loglist/schema.js'
import { SeededKey } from '../../../src/testing/seeded.js'
import { ascii, mutateBytes, textOf, utf8 } from '../bytes.js'
import { mutateJson } from '../json-mutations.js'
import { allowing, promise, type Target } from '../target.js'
import { checkValue, difference } from '../values.js'
import { mutateBase64 } from './get-entries.js'

const options = { name: 'fuzzed', remote: true, allowHttp: false }

export const logListTarget: Target = {
  name: 'log-list',
  weight: 1,
  seeds: ({ files }) => {
    const lists = [...files].flatMap(([kind, bytes]) => (/^loglist-/.test(kind) ? bytes : []))
    return [ascii(JSON.stringify(madeList())), ...lists.filter(({ length }) => length < 60_000)]
  },
  mutate: (input, donor, random) =>
    random.oneIn(5)
      ? mutateBytes(input, donor, random)
      : utf8(
          mutateJson(textOf(input), random, (text) => (random.oneIn(4) ? mutateBase64(text, random) : text.slice(1))),
        ),
  run(input) {
    const list = allowing(['CT_LIST_INVALID'], () => parseListBytes(input, options))
    if (list === undefined) return
    checkValue([...list.entries.values()], 'entries', input.length, { size: 0 })
    for (const [id, { key, address, ...entry }] of list.entries) {
      const hash = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64')
      promise(id === hash && entry.id === id, `log ${id} has the key of ${hash}`)
      const { kind, ...urls } = address ?? { kind: entry.kind }
      promise(kind === entry.kind, `log ${id}: kinds differ`)
      for (const url of Object.values(urls)) promise(isPlainHttps(url), `log ${id} is at ${url}`)
    }
    const length = list.problems.reduce((sum, { message, log }) => sum + message.length + (log?.length ?? 0), 0)
    promise(length <= 100 * input.length + 10_000, `problems of ${length} characters for ${input.length} bytes`)
    for (const { message } of list.problems)
      promise(message.length <= 2000, `a problem of ${message.length} characters`)
    const found = difference(list.problems, parseListBytes(input, options).problems)
    promise(found === undefined, `other problems when read again: ${found}`)
  },
}

function isPlainHttps(text: string): boolean {
  const url = new URL(text)
  return url.protocol === 'https:' && url.href === text && text.endsWith('/') && url.username === '' && url.hash === ''
}

/** A list with a log of each kind, the same on every machine. */
function madeList() {
  const facts = (seed: string) => {
    const { spki } = new SeededKey(seed)
    return {
      description: `log ${seed}`,
      log_id: createHash('sha256').update(spki).digest('base64'),
      key: spki.toString('base64'),
      mmd: 86_400,
      log_type: 'prod',
      state: { usable: { timestamp: '2024-01-01T00:00:00Z' } },
      temporal_interval: { start_inclusive: '2026-01-01T00:00:00Z', end_exclusive: '2026-07-01T00:00:00Z' },
    }
  }
  const finalHead = { sha256_root_hash: Buffer.alloc(32).toString('base64'), tree_size: 5 }
  return {
    version: '1.2',
    log_list_timestamp: '2026-01-01T00:00:00Z',
    operators: [
      {
        name: 'An operator',
        email: ['a@ct.example'],
        logs: [
          { ...facts('a'), url: 'https://a.ct-logs.net/2026h1/' },
          {
            ...facts('b'),
            url: 'https://b.ct-logs.net/',
            state: { readonly: { timestamp: '2025-01-01T00:00:00Z', final_tree_head: finalHead } },
          },
        ],
        tiled_logs: [
          { ...facts('c'), submission_url: 'https://c.ct-logs.net/', monitoring_url: 'https://m.c.ct-logs.net/' },
        ],
      },
    ],
  }
}
