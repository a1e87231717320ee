import type { RawEntry } from '../../src/types/entries.js'
import { parseGetEntries } from '../../src/wire/get-entries.js'
import { leafKind } from '../../src/wire/merkle-leaf.js'
import { TileLeafExtra } from '../../src/wire/tile-leaf.js'
import { join, mutateBytes, readUint, uint, vector } from './bytes.js'
import { mutateDer, tbsOfPrecertificate } from './der-mutations.js'
import type { Random } from './random.js'

/** An entry as an input of the fuzzer: u8 protocol (odd: static-ct), u24 length, leaf, and the rest is what comes beside it. */
export interface EntryInput {
  readonly isStatic: boolean
  readonly leafInput: Uint8Array
  readonly extra: Uint8Array
}

export function encodeEntryInput({ isStatic, leafInput, extra }: EntryInput): Uint8Array {
  return join(uint(isStatic ? 1 : 0, 1), vector(leafInput, 3), extra)
}

/** Total: every input is an entry. */
export function decodeEntryInput(input: Uint8Array): EntryInput {
  const end = Math.min(input.length, 4 + readUint(input, 1, 3))
  return { isStatic: (input[0] ?? 0) % 2 === 1, leafInput: input.slice(4, end), extra: input.slice(end) }
}

export function rawEntry({ isStatic, leafInput, extra }: EntryInput, index = 7): RawEntry {
  if (isStatic)
    return {
      index,
      leafInput,
      extra: new TileLeafExtra(Buffer.from(extra).toString('latin1'), leafKind(leafInput) === 'precert'),
    }
  const entry = parseGetEntries(entriesAnswer([{ isStatic, leafInput, extra }]), index).entry(0)
  return { ...entry, leafInput }
}

/** The body of a get-entries answer with these entries. */
export function entriesAnswer(entries: readonly EntryInput[]): Uint8Array {
  const json = entries.map(({ leafInput, extra }) => ({
    leaf_input: Buffer.from(leafInput).toString('base64'),
    extra_data: Buffer.from(extra).toString('base64'),
  }))
  return new Uint8Array(Buffer.from(JSON.stringify({ entries: json })))
}

/** A `MerkleTreeLeaf` and what comes beside it, in parts that mutations change. */
interface EntryParts {
  isStatic: boolean
  /** version, leaf_type, timestamp: 10 bytes. */
  head: Uint8Array
  entryType: number
  issuerKeyHash: Uint8Array
  certificate: Uint8Array
  extensions: Uint8Array
  tail: Uint8Array
  preCertificate: Uint8Array
  /** Certificates, or fingerprints. */
  chain: Uint8Array[]
  extraTail: Uint8Array
  /** What is added to the lengths of certificate, extensions, precertificate and chain. */
  lies: [number, number, number, number]
}

function takeApart({ isStatic, leafInput, extra }: EntryInput): EntryParts | undefined {
  const entryType = readUint(leafInput, 10, 2)
  if (leafInput.length < 15 || entryType > 1) return undefined
  const at = entryType === 0 ? 12 : 44
  const certificateEnd = at + 3 + readUint(leafInput, at, 3)
  const end = certificateEnd + 2 + readUint(leafInput, certificateEnd, 2)
  if (end > leafInput.length) return undefined
  const preEnd = entryType === 0 ? 0 : 3 + readUint(extra, 0, 3)
  if (preEnd > extra.length) return undefined
  const chain: Uint8Array[] = []
  let next = preEnd + (isStatic ? 2 : 3)
  for (const size = isStatic ? 0 : 3; next < extra.length; ) {
    const stop = next + size + (isStatic ? 32 : readUint(extra, next, 3))
    if (stop > extra.length) break
    chain.push(extra.subarray(next + size, stop))
    next = stop
  }
  return {
    isStatic,
    head: leafInput.subarray(0, 10),
    entryType,
    issuerKeyHash: leafInput.subarray(12, at),
    certificate: leafInput.subarray(at + 3, certificateEnd),
    extensions: leafInput.subarray(certificateEnd + 2, end),
    tail: leafInput.subarray(end),
    preCertificate: extra.subarray(3, preEnd),
    chain,
    extraTail: extra.subarray(next),
    lies: [0, 0, 0, 0],
  }
}

function putTogether(parts: EntryParts): EntryInput {
  const { isStatic, head, entryType, issuerKeyHash, certificate, extensions, tail, preCertificate, chain, lies } = parts
  const leafInput = join(
    head,
    uint(entryType, 2),
    issuerKeyHash,
    vector(certificate, 3, lies[0]),
    vector(extensions, 2, lies[1]),
    tail,
  )
  const list = isStatic
    ? vector(join(...chain), 2, lies[3])
    : vector(join(...chain.map((der) => vector(der, 3))), 3, lies[3])
  const submitted = issuerKeyHash.length > 0 ? vector(preCertificate, 3, lies[2]) : new Uint8Array(0)
  return { isStatic, leafInput, extra: join(submitted, list, parts.extraTail) }
}

/** One change of an entry: mostly of its certificate, else of the structures around it. */
export function mutateEntry(input: EntryInput, donor: EntryInput, random: Random): EntryInput {
  const parts = takeApart(input)
  const other = takeApart(donor)
  if (parts === undefined || other === undefined || random.oneIn(24))
    return random.oneIn(3)
      ? { ...input, extra: mutateBytes(input.extra, donor.extra, random) }
      : { ...input, leafInput: mutateBytes(input.leafInput, donor.leafInput, random) }
  const pool = [other.certificate, other.preCertificate, ...other.chain].filter(({ length }) => length > 0)
  const source = pool.length === 0 ? parts.certificate : random.pick(pool)
  if (random.oneIn(4)) mutateAround(parts, other, source, random)
  else if (parts.entryType === 0) parts.certificate = mutateDer(parts.certificate, source, random)
  else mutatePrecertificate(parts, source, random)
  return putTogether(parts)
}

function mutatePrecertificate(parts: EntryParts, source: Uint8Array, random: Random): void {
  if (parts.preCertificate.length === 0 || random.oneIn(3))
    parts.certificate = mutateDer(parts.certificate, source, random)
  else {
    // As a log would have it: what it hashed follows from what was submitted.
    parts.preCertificate = mutateDer(parts.preCertificate, source, random)
    if (!random.oneIn(4)) parts.certificate = tbsOfPrecertificate(parts.preCertificate)
  }
}

const timestamps = [
  '0000000000000000',
  '0000018bcfe56800',
  '001eb208c2dc0000',
  '001eb208c2dc0001',
  '001fffffffffffff',
  '0020000000000000',
  'ffffffffffffffff',
].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')))

function mutateAround(parts: EntryParts, other: EntryParts, source: Uint8Array, random: Random): void {
  const { chain } = parts
  const at = random.below(chain.length + 1)
  switch (random.below(12)) {
    case 0:
      parts.head = join(random.oneIn(4) ? random.bytes(2) : parts.head.subarray(0, 2), random.pick(timestamps))
      break
    case 1:
      parts.entryType = random.pick([0, 1, 1, 2, 0x8000, 256])
      break
    case 2:
      parts.extensions = random.pick([
        new Uint8Array(0),
        Uint8Array.of(0, 0, 5, 0, 0, 0, 0, 7),
        random.bytes(random.size(300)),
        new Uint8Array(65535),
      ])
      break
    case 3:
      parts.lies[random.below(4)] = random.pick([-1, 1, -random.size(2000), random.size(100_000)])
      break
    case 4:
      parts.tail = random.bytes(random.size(8))
      break
    case 5:
      parts.extraTail = random.bytes(random.size(8))
      break
    case 6:
      parts.isStatic = !parts.isStatic
      break
    case 7:
      chain.splice(at, random.below(3))
      break
    case 8:
      for (let left = random.size(200); left > 0; left--) chain.push(chain[at] ?? source)
      break
    case 9:
      chain.splice(at, 1, parts.isStatic ? random.bytes(32) : mutateDer(chain[at] ?? source, source, random))
      break
    case 10:
      parts.certificate = other.certificate
      break
    default:
      parts.preCertificate = random.oneIn(2) ? other.preCertificate : mutateDer(parts.preCertificate, source, random)
  }
}
