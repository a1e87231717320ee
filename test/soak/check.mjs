import { keyOf, seenIn } from './seen.mjs'

/** Entries that the logs hold and nobody saw, and those that are not what the log holds: the one invariant. */
export function missingOf(logs, bytes) {
  const seen = seenIn(bytes)
  const problems = []
  for (const { id, description, size, hashes } of logs) {
    const entries = seen.get(keyOf(id)) ?? new Map()
    const missing = []
    const wrong = []
    for (let index = 0; index < size; index++) {
      const expected = Buffer.from(hashes).toString('hex', index * 8, index * 8 + 8)
      const hash = entries.get(index)
      if (hash === undefined) missing.push(index)
      else if (hash !== expected) wrong.push(index)
    }
    if (entries.size > size) problems.push(`${description}: ${entries.size} entries of ${size}`)
    if (missing.length > 0)
      problems.push(`${description}: ${missing.length} of ${size} never seen, from ${missing[0]} to ${missing.at(-1)}`)
    if (wrong.length > 0)
      problems.push(`${description}: ${wrong.length} are not what the log holds, the first ${wrong[0]}`)
  }
  return problems
}
