import type { SignedHead } from '../../../src/types/log.js'
import { toBase64 } from '../../../src/util/bytes.js'
import { asCosignature, openCheckpoint, parseCheckpoint } from '../../../src/wire/checkpoint-note.js'
import { LogKey } from '../../../src/wire/head-signature.js'
import { parseProofByHash } from '../../../src/wire/proof-answers.js'
import { parseSctList } from '../../../src/wire/sct.js'
import { parseSignedNote } from '../../../src/wire/signed-note.js'
import { parseGetSth } from '../../../src/wire/sth.js'
import { leafIndexOf } from '../../../src/wire/tile-extensions.js'
import { parseDataTile } from '../../../src/wire/tile-leaf.js'
import {
  encodeSct,
  encodeSctList,
  encodeSignedNote,
  encodeTileLeaf,
  parseEntryAndProof,
  parseRootsAnswer,
} from '../../support/wire.js'
import { ascii, join, joinAll, mutateBytes, readUint, textOf, uint, utf8, vector } from '../bytes.js'
import { type EntryInput, mutateEntry } from '../entry-input.js'
import { mutateJson } from '../json-mutations.js'
import type { Material } from '../material.js'
import type { Random } from '../random.js'
import { allowing, promise, type Target } from '../target.js'
import { difference } from '../values.js'
import { mutateBase64 } from './get-entries.js'

const RESPONSE = ['CT_RESPONSE_MALFORMED']
const LEAF = ['CT_LEAF_MALFORMED']

const filesOf = ({ files }: Material, kinds: RegExp): Uint8Array[] =>
  [...files].flatMap(([kind, bytes]) => (kinds.test(kind) ? bytes : [])).filter(({ length }) => length < 40_000)

const mutateJsonBody = (input: Uint8Array, donor: Uint8Array, random: Random): Uint8Array =>
  random.oneIn(3)
    ? mutateBytes(input, donor, random)
    : utf8(mutateJson(textOf(input), random, (base64) => mutateBase64(base64, random)))

// — data tiles: u8 width less one, then the tile

export const dataTileTarget: Target = {
  name: 'data-tile',
  weight: 2,
  seeds: ({ entries, files }) => {
    const tiled = entries.filter(({ isStatic, leafInput }) => isStatic && leafInput.length < 3000)
    const tiles = [1, 2, 4].map((width) => tileOf(tiled.slice(0, width)))
    return [...tiles, ...(files.get('tile-data') ?? []).map((tile) => join(Uint8Array.of(255), tile))]
  },
  mutate(input, donor, random) {
    const leaves = splitTile(input.subarray(1))
    const others = splitTile(donor.subarray(1))
    if (leaves.length === 0 || others.length === 0 || random.oneIn(5)) return mutateBytes(input, donor, random)
    const at = random.below(leaves.length)
    const choice = random.below(8)
    if (choice === 0) leaves.splice(at, 1)
    else if (choice === 1) leaves.splice(at, 0, random.pick(others))
    else leaves[at] = mutateEntry(leaves[at] as EntryInput, random.pick(others), random)
    const tile = tileOf(leaves.slice(0, 256))
    if (random.oneIn(8)) tile[0] = random.below(256)
    return tile
  },
  run(input) {
    const tile = input.subarray(1)
    const width = (input[0] ?? 0) + 1
    const batch = allowing(RESPONSE, () => parseDataTile(tile, 0, width))
    if (batch === undefined) return
    promise(batch.length === width, `${batch.length} entries instead of ${width}`)
    const parts: Uint8Array[] = []
    const kept: number[] = []
    for (let i = 0; i < width; i++) {
      const { leafInput, extra } = batch.entry(i)
      kept.push(leafInput.buffer.byteLength)
      const chain = allowing(LEAF, () => extra.chain())
      const preCertificate = allowing(LEAF, () => extra.preCertificate())
      if (chain?.kind !== 'fingerprints') return
      const hasOne = leafInput[11] === 1
      parts.push(
        encodeTileLeaf({
          leafInput,
          preCertificate: hasOne ? (preCertificate ?? new Uint8Array(0)) : undefined,
          fingerprints: chain.fingerprints,
        }),
      )
    }
    for (const [i, bytes] of kept.entries())
      promise(bytes <= room(parts, i), 'an entry keeps more than itself and seven neighbours')
    promise(Buffer.compare(joinAll(parts), tile) === 0, 'the tile put together again is another one')
  },
}

/** Bytes of the entries that one may be copied together with, each with the three that a tile leaves out. */
function room(parts: readonly Uint8Array[], i: number): number {
  const together = parts.slice(i - (i % 8), i - (i % 8) + 8)
  return together.reduce((sum, part) => sum + part.length + 3, 0)
}

const tileOf = (leaves: readonly EntryInput[]): Uint8Array =>
  join(
    uint(Math.max(0, leaves.length - 1), 1),
    ...leaves.flatMap(({ leafInput, extra }) => [leafInput.subarray(2), extra]),
  )

function splitTile(tile: Uint8Array): EntryInput[] {
  const leaves: EntryInput[] = []
  for (let at = 0; at < tile.length; ) {
    const isPrecert = tile[at + 9] === 1
    const certificate = at + (isPrecert ? 42 : 10)
    const extensions = certificate + 3 + readUint(tile, certificate, 3)
    const submitted = extensions + 2 + readUint(tile, extensions, 2)
    const chain = isPrecert ? submitted + 3 + readUint(tile, submitted, 3) : submitted
    const end = chain + 2 + readUint(tile, chain, 2)
    if (end > tile.length) break
    const leafInput = join(new Uint8Array(2), tile.subarray(at, submitted))
    leaves.push({ isStatic: true, leafInput, extra: tile.slice(submitted, end) })
    at = end
  }
  return leaves
}

// — get-sth

const someHead = {
  tree_size: 46_466_472,
  timestamp: 1_480_512_258_330,
  sha256_root_hash: toBase64(new Uint8Array(32).fill(7)),
  tree_head_signature: toBase64(Uint8Array.of(4, 3, 0, 4, 1, 2, 3, 4)),
}

export const getSthTarget: Target = {
  name: 'get-sth',
  weight: 1,
  seeds: (material) => [ascii(JSON.stringify(someHead)), ...filesOf(material, /^sth$/)],
  mutate: mutateJsonBody,
  run(input) {
    // Reading undoes escapes in place.
    const head = allowing(RESPONSE, () => parseGetSth(Uint8Array.from(input)))
    if (head === undefined) return
    const answer = JSON.parse(textOf(input)) as typeof someHead
    const read: typeof someHead = {
      tree_size: head.treeSize,
      timestamp: head.timestamp,
      sha256_root_hash: toBase64(head.rootHash),
      tree_head_signature: toBase64(head.signature),
    }
    for (const key of ['tree_size', 'timestamp', 'sha256_root_hash', 'tree_head_signature'] as const)
      promise(Object.is(answer[key], read[key]) || answer[key] === 0, `${key} is ${answer[key]}, read as ${read[key]}`)
    checkHead(head)
  },
}

function checkHead({ treeSize, timestamp, rootHash }: SignedHead): void {
  promise(Number.isSafeInteger(treeSize) && treeSize >= 0, `a tree of ${treeSize} entries`)
  promise(Number.isSafeInteger(timestamp) && timestamp >= 0, `a timestamp of ${timestamp}`)
  promise(rootHash.length === 32, `a root of ${rootHash.length} bytes`)
}

// — proofs and roots

export const proofTarget: Target = {
  name: 'proof-answers',
  weight: 1,
  seeds: (material) => {
    const hash = toBase64(new Uint8Array(32))
    const made = { leaf_index: 3, audit_path: [hash, hash], leaf_input: 'AAAA', extra_data: '', certificates: [hash] }
    return [ascii(JSON.stringify(made)), ...filesOf(material, /^(inclusion|consistency)$/)]
  },
  mutate: mutateJsonBody,
  run(input) {
    const proof = allowing(RESPONSE, () => parseProofByHash(input))
    promise(
      proof === undefined || proof.auditPath.every(({ length }) => length === 32),
      'a proof hash of another length',
    )
    allowing(RESPONSE, () => parseEntryAndProof(input))
    allowing(RESPONSE, () => parseRootsAnswer(input))
  },
}

// — signed notes and checkpoints

// Signed once with a key that was thrown away: signatures of ECDSA are never the same twice, and inputs must be.
const noteKey =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEckey/7LldoZc29dpX5N5KtEz5EiWBMsHnXQJG/s5NosCi43xSw7ksMgTi4YpWt7CqVCLaqIyIP6tkWhQMG5hBg=='
const signedCheckpoint =
  'log.ct.example/2026h1\n46466472\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n\n\u2014 log.ct.example/2026h1 UAB8kQAAAZt22qgABAMARzBFAiEA+JPZ3xRKcccKLdGTjf7BGwbUFXlUhZEANk0zywZoo/cCID56hztc4sSlBreMQeP1Nx8j1zwL3eBXuhCWfH7TtnYM\n\u2014 witness.example AQIDBAAAAZt22qgACQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQ==\n'

export const noteTarget: Target = {
  name: 'signed-note',
  weight: 2,
  seeds: (material) => [utf8(signedCheckpoint), ...filesOf(material, /^(checkpoint|note-vectors)$/)],
  mutate(input, donor, random) {
    if (random.oneIn(3)) return mutateBytes(input, donor, random)
    const lines = textOf(input).split('\n')
    const at = random.below(lines.length)
    const line = lines[at] ?? ''
    const other = random.pick(textOf(donor).split('\n'))
    const made = [
      other,
      '',
      line + line,
      `${line} `,
      ` ${line}`,
      line.slice(0, random.below(line.length + 1)),
      `\u2014 ${line}`,
      `\u2014 ${other} ${line}`,
      mutateBase64(line, random),
      line.replace(/\S+$/, (base64) => mutateBase64(base64, random)),
      random.pick(['0', '01', '-1', '9007199254740992', '1e3', '99999999999999999999']),
      '\ufeff',
      '\0',
      '\r',
    ]
    if (random.oneIn(3)) lines.splice(at, 1)
    else if (random.oneIn(2)) lines[at] = random.pick(made)
    else
      for (let left = random.size(random.oneIn(8) ? 2000 : 3); left > 0; left--)
        lines.splice(at, 0, random.oneIn(2) ? line : random.pick(made))
    return utf8(lines.join('\n'))
  },
  run(input) {
    const key = new LogKey(noteKey)
    const note = allowing(RESPONSE, () => parseSignedNote(input))
    const checkpoint = allowing([...RESPONSE, 'CT_HEAD_SIGNATURE'], () => parseCheckpoint(input, key.logId))
    const opened = allowing([...RESPONSE, 'CT_HEAD_SIGNATURE'], () => openCheckpoint(input, key))
    if (note === undefined) {
      promise(checkpoint === undefined && opened === undefined, 'a checkpoint that is no signed note')
      return
    }
    const found = difference(note, parseSignedNote(encodeSignedNote(note)))
    promise(found === undefined, `the note put together again is another one: ${found}`)
    for (const line of note.signatures) asCosignature(line, note.text)
    if (checkpoint !== undefined) checkHead(checkpoint.head)
    if (opened === undefined) return
    const [origin, size, root] = signedCheckpoint.split('\n')
    const { head } = opened
    const isSigned = String(head.treeSize) === size && toBase64(head.rootHash) === root
    promise(isSigned, `a head nobody signed is taken for genuine (the log is ${origin})`)
  },
}

// — SCT lists, and the extensions of SCTs and leaves

export const sctListTarget: Target = {
  name: 'sct-list',
  weight: 1,
  seeds: () => {
    const one = sct(new Uint8Array(0))
    return [
      encodeSctList([one]),
      encodeSctList([one, sct(Uint8Array.of(0, 0, 5, 0, 0, 0, 0, 9)), Uint8Array.of(1, 2, 3)]),
    ]
  },
  mutate(input, donor, random) {
    const scts = splitVectors(input.subarray(2), 2)
    if (scts.length === 0 || random.oneIn(3)) return mutateBytes(input, donor, random)
    const at = random.below(scts.length)
    if (random.oneIn(3)) scts[at] = mutateBytes(scts[at] as Uint8Array, donor, random)
    else if (random.oneIn(2)) scts.splice(at, 1)
    else scts.push(...new Array<Uint8Array>(random.size(400)).fill(scts[at] as Uint8Array))
    return vector(joinAll(scts.map((item) => vector(item, 2))), 2, random.oneIn(8) ? random.between(-3, 3) : 0)
  },
  run(input) {
    allowing(LEAF, () => leafIndexOf(input))
    const scts = allowing(LEAF, () => parseSctList(input))
    if (scts === undefined) return
    const again = encodeSctList(scts.map((found) => (found.kind === 'sct' ? encodeSct(found.sct) : found.bytes)))
    promise(Buffer.compare(again, input) === 0, 'the list put together again is another one')
    for (const found of scts) if (found.kind === 'sct') allowing(LEAF, () => leafIndexOf(found.sct.extensions))
  },
}

const sct = (extensions: Uint8Array): Uint8Array =>
  encodeSct({
    logId: new Uint8Array(32).fill(1),
    timestamp: 1_700_000_000_000,
    extensions,
    signature: Uint8Array.of(4, 3, 0, 2, 5, 0),
  })

function splitVectors(bytes: Uint8Array, size: number): Uint8Array[] {
  const found: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + size + readUint(bytes, at, size)
    if (end > bytes.length) break
    found.push(bytes.subarray(at + size, end))
    at = end
  }
  return found
}
