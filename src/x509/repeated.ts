import type { Name } from '../types/name.js'
import { ByteMemory } from '../util/byte-memory.js'
import { copyBytes } from '../util/bytes.js'
import { decodeName } from './name.js'
import type { Note } from './note.js'

// What many certificates have alike is decoded once and shared, frozen. Only what made no note: notes say where the bytes are.

/** Some thousand CAs issue nearly everything. */
const issuers = new ByteMemory<Name>(10, 1024)
const extensions = new ByteMemory<readonly unknown[]>(12, 512)

/** As `decodeName`, for names that repeat. */
export function repeatedName(bytes: Uint8Array, start: number, end: number, note: Note): Name {
  const known = issuers.find(bytes, start, end)
  if (known !== undefined) return known
  const noted = counting(note)
  const name = decodeName(bytes, start, end, noted.note)
  if (noted.count === 0) {
    const own = copyBytes(bytes.subarray(start, end))
    issuers.keep(frozen(decodeName(own, 0, own.length)), own)
  }
  return name
}

/**
 * The items of one extension, whose type decides how they are read.
 *
 * @param read - What it makes must hold no bytes.
 */
export function repeatedItems<T>(
  bytes: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
  note: Note,
  read: (note: Note) => readonly T[],
): readonly T[] {
  const known = extensions.find(bytes, start, end)
  if (known !== undefined) return known as readonly T[]
  const noted = counting(note)
  const items = read(noted.note)
  if (noted.count === 0) extensions.keep(frozen(items), bytes, start, end)
  return items
}

function counting(note: Note): { count: number; readonly note: Note } {
  const counted = {
    count: 0,
    note: ((code, message) => {
      counted.count++
      note(code, message)
    }) as Note,
  }
  return counted
}

/** Freezes plain values and lists, all the way down; bytes cannot be frozen. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value
  for (const part of Object.values(value)) frozen(part)
  return Object.freeze(value)
}
