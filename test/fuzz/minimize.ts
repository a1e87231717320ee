import { join } from './bytes.js'
import { placesIn } from './der-mutations.js'
import { cloneNode, type DerNode, encodeDer, parseDer } from './der-tree.js'
import { decodeEntryInput, encodeEntryInput } from './entry-input.js'

/** Whether an input still shows the fault. */
export type Fails = (input: Uint8Array) => Promise<boolean>

/** Runs a minimization may take. */
const BUDGET = 3000

/** A smaller input with the same fault: elements of DER taken out, then chunks of bytes, then bytes made plain. */
export async function minimize(input: Uint8Array, isEntry: boolean, fails: Fails): Promise<Uint8Array> {
  let left = BUDGET
  const stillFails: Fails = async (candidate) => left-- > 0 && (await fails(candidate))
  let best = input
  if (isEntry) best = await withoutElements(best, stillFails)
  best = await withoutChunks(best, stillFails)
  return plainBytes(best, stillFails)
}

/** Takes elements out of the certificate in a leaf, its lengths made right again, and all that lies beside it. */
async function withoutElements(input: Uint8Array, fails: Fails): Promise<Uint8Array> {
  let best = input
  const parts = decodeEntryInput(input)
  const bare = encodeEntryInput({ ...parts, extra: new Uint8Array(0) })
  if (await fails(bare)) best = bare
  for (let at = 0; ; ) {
    const { leafInput, ...rest } = decodeEntryInput(best)
    const start = leafInput[11] === 1 ? 47 : 15
    const tree = parseDer(leafInput.subarray(start, leafInput.length - 2))
    const places = placesIn(tree)
    if (at >= places.length) return best
    const smaller = rebuilt(leafInput, start, tree, at)
    const candidate = encodeEntryInput({ ...rest, leafInput: smaller })
    if (candidate.length < best.length && (await fails(candidate))) best = candidate
    else at++
  }
}

function rebuilt(leafInput: Uint8Array, start: number, tree: readonly DerNode[], at: number): Uint8Array {
  const copy = tree.map(cloneNode)
  const place = placesIn(copy)[at]
  place?.siblings.splice(place.index, 1)
  const der = encodeDer(copy)
  const length = Uint8Array.of(Math.floor(der.length / 0x10000), Math.floor(der.length / 0x100) % 256, der.length % 256)
  return join(leafInput.subarray(0, start - 3), length, der, leafInput.subarray(leafInput.length - 2))
}

async function withoutChunks(input: Uint8Array, fails: Fails): Promise<Uint8Array> {
  let best = input
  for (let size = Math.ceil(best.length / 2); size >= 1; size = Math.floor(size / 2))
    for (let at = 0; at < best.length; ) {
      const candidate = join(best.subarray(0, at), best.subarray(at + size))
      if (await fails(candidate)) best = candidate
      else at += size
    }
  return best
}

async function plainBytes(input: Uint8Array, fails: Fails): Promise<Uint8Array> {
  let best = input
  for (let size = Math.ceil(best.length / 2); size >= 1; size = Math.floor(size / 2))
    for (let at = 0; at < best.length; at += size)
      for (const plain of [0x00, 0x61]) {
        const candidate = best.slice()
        candidate.fill(plain, at, at + size)
        if (Buffer.compare(candidate, best) === 0) break
        if (!(await fails(candidate))) continue
        best = candidate
        break
      }
  return best
}
