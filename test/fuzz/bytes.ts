import type { Random } from './random.js'

/** Longest input a mutation may make; what is longer is cut. */
export const MAX_INPUT = 96 * 1024

export const join = (...parts: readonly Uint8Array[]): Uint8Array => joinAll(parts)

/** For thousands of them, which are too many to be arguments. */
export const joinAll = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

export const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
export const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'))
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

/** Big-endian, the lowest `size` bytes of it. */
export function uint(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let i = size - 1, left = value; i >= 0; i--, left = Math.floor(left / 256)) bytes[i] = left % 256
  return bytes
}

export const readUint = (bytes: Uint8Array, at: number, size: number): number =>
  bytes.subarray(at, at + size).reduce((value, octet) => value * 256 + octet, 0)

/** A TLS vector whose length may lie. */
export function vector(content: Uint8Array, size: number, lie = 0): Uint8Array {
  return join(uint(Math.max(0, content.length + lie), size), content)
}

const interesting = [0, 1, 0x7f, 0x80, 0x81, 0x82, 0x83, 0x84, 0xfe, 0xff, 0x1f, 0x30, 0x2e, 0x0a, 0x22, 0x5c]
const wide = [0, 1, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0xffffff, 0x7fffffff, 0x80000000, 0xffffffff]

/** One blind change: bits, bytes, lengths, chunks. */
export function mutateBytes(bytes: Uint8Array, donor: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1)
  const length = random.size(Math.max(1, Math.min(bytes.length, 512)))
  const head = bytes.subarray(0, at)
  const tail = bytes.subarray(Math.min(bytes.length, at + length))
  switch (random.below(10)) {
    case 0:
      return bytes.subarray(0, at)
    case 1:
      return join(head, tail)
    case 2:
      return join(head, random.bytes(random.size(16)), bytes.subarray(at))
    case 3: {
      const chunk = bytes.subarray(at, at + length)
      return join(head, ...new Array<Uint8Array>(random.size(64)).fill(chunk), bytes.subarray(at))
    }
    case 4: {
      const from = random.below(donor.length + 1)
      return join(head, donor.subarray(from, from + length), random.oneIn(2) ? tail : bytes.subarray(at))
    }
    case 5: {
      const size = random.pick([2, 3, 4, 8])
      return join(head, uint(random.pick(wide), size), bytes.subarray(Math.min(bytes.length, at + size)))
    }
    case 6:
      return join(head, new Uint8Array(length).fill(random.pick(interesting)), tail)
    default: {
      const copy = bytes.slice()
      for (let left = random.size(4); left > 0 && copy.length > 0; left--) {
        const place = random.below(copy.length)
        const octet = copy[place] as number
        const changed = [
          octet ^ (1 << random.below(8)),
          octet + 1,
          octet + 255,
          random.pick(interesting),
          random.below(256),
        ]
        copy[place] = random.pick(changed) % 256
      }
      return copy
    }
  }
}
