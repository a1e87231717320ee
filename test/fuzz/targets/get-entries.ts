import { CtStreamError } from '../../../src/errors.js'
import type { EntryBatch } from '../../../src/types/entries.js'
import { fromBase64 } from '../../../src/util/bytes.js'
import { parseExtraData } from '../../../src/wire/extra-data.js'
import { parseGetEntries } from '../../../src/wire/get-entries.js'
import { leafKind } from '../../../src/wire/merkle-leaf.js'
import { join, mutateBytes, textOf, utf8 } from '../bytes.js'
import { entriesAnswer } from '../entry-input.js'
import { mutateJson } from '../json-mutations.js'
import type { Random } from '../random.js'
import { allowing, promise, type Target } from '../target.js'
import { difference } from '../values.js'

const START = 1000

/** u8: how many entries were asked for (0: any number); then the body. What the fast scanner says, `JSON.parse` must say too. */
export const getEntriesTarget: Target = {
  name: 'get-entries',
  weight: 3,
  seeds: ({ entries, files }) => {
    const small = entries.filter(({ leafInput, extra }) => leafInput.length + extra.length < 3000)
    const answers = [1, 2, 3, 5].map((count, i) => entriesAnswer(small.slice(i * 5, i * 5 + count)))
    const served = [...(files.get('entries') ?? []), ...(files.get('bad-responses') ?? [])]
    return [...answers, ...served.filter(({ length }) => length < 40_000)].map((body) => join(Uint8Array.of(0), body))
  },
  mutate(input, donor, random) {
    const asked = random.oneIn(8) ? Uint8Array.of(random.below(4)) : input.subarray(0, 1)
    const body = input.subarray(1)
    if (random.oneIn(4)) return join(asked, mutateBytes(body, donor.subarray(1), random))
    const text = mutateJson(textOf(body), random, (base64) => mutateBase64(base64, random))
    return join(asked, random.oneIn(8) ? mutateBytes(utf8(text), donor, random) : utf8(text))
  },

  run(input) {
    const body = input.subarray(1)
    const max = input[0] === 0 ? Number.POSITIVE_INFINITY : (input[0] ?? 1)
    const expected = referenceEntries(body)
    // The input is read again; the answer is written over.
    const batch = allowing(['CT_RESPONSE_MALFORMED'], () => parseGetEntries(body.slice(), START, max))
    if (batch === undefined) {
      promise(typeof expected === 'string' || expected.length > max, 'refused, where JSON.parse reads entries')
      return
    }
    promise(batch.start === START && batch.length <= max, `entries ${batch.start} + ${batch.length} of ${max}`)
    // The scanner leaves extra data unread, which is then refused when it is asked for.
    if (typeof expected === 'string') promise(hasBrokenExtra(batch), `accepted, where JSON.parse says: ${expected}`)
    else checkSame(batch, expected)
  },
}

export function mutateBase64(base64: string, random: Random): string {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'))
  const changed = Buffer.from(mutateBytes(bytes, bytes, random))
  switch (random.below(5)) {
    case 0:
      return base64.replaceAll('+', '-').replaceAll('/', '_')
    case 1:
      return base64.replace(/=+$/, '')
    case 2: {
      const at = random.below(base64.length + 1)
      return (
        base64.slice(0, at) +
        random.pick(['\n', ' ', '=', '-', '!', '\u0100', 'A']) +
        base64.slice(at + random.below(2))
      )
    }
    default:
      return changed.toString('base64')
  }
}

interface Expected {
  readonly leaf: Uint8Array
  readonly extra: string
}

/** The entries by the plain way; why there are none instead. */
function referenceEntries(body: Uint8Array): Expected[] | string {
  let answer: unknown
  try {
    answer = JSON.parse(textOf(body))
  } catch {
    return 'not JSON'
  }
  const entries = (answer as { entries?: unknown } | null)?.entries
  if (Array.isArray(answer) || !Array.isArray(entries) || entries.length === 0) return 'no entries'
  const found: Expected[] = []
  for (const entry of entries as ({ leaf_input?: unknown; extra_data?: unknown } | null)[]) {
    const leaf = typeof entry?.leaf_input === 'string' ? fromBase64(entry.leaf_input) : undefined
    if (leaf === undefined) return 'a leaf that is not base64'
    const extra = entry?.extra_data ?? ''
    if (typeof extra !== 'string') return 'extra data that is not a string'
    found.push({ leaf, extra })
  }
  return found
}

function hasBrokenExtra(batch: EntryBatch): boolean {
  for (let i = 0; i < batch.length; i++) {
    const { extra } = batch.entry(i)
    if (allowing(['CT_LEAF_MALFORMED'], () => extra.chain()) === undefined) return true
  }
  return false
}

function checkSame(batch: EntryBatch, expected: readonly Expected[]): void {
  promise(batch.length === expected.length, `${batch.length} entries, where JSON.parse reads ${expected.length}`)
  for (const [i, { leaf, extra }] of expected.entries()) {
    const entry = batch.entry(i)
    promise(Buffer.compare(entry.leafInput, leaf) === 0, `leaf ${i} differs from what JSON.parse reads`)
    const chain = allowing(['CT_LEAF_MALFORMED'], () => entry.extra.chain())
    const bytes = fromBase64(extra)
    const kind = leafKind(leaf)
    const wanted = bytes === undefined || kind === undefined ? undefined : quietly(() => parseExtraData(bytes, kind))
    const found = difference(wanted?.certificates, chain?.kind === 'certificates' ? chain.certificates : undefined)
    promise(found === undefined, `the chain of entry ${i} differs from what JSON.parse reads: ${found}`)
  }
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    return undefined
  }
}
