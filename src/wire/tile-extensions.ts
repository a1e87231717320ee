import { ByteReader } from '../util/bytes.js'
import { ByteWriter } from './writer.js'

/** ExtensionType leaf_index(0) (C2SP static-ct-api, "SCT Extension"). */
const LEAF_INDEX = 0

/**
 * The `leaf_index` of a static-ct entry or SCT; other extensions are skipped. `undefined` when there is none, as in tiles that were
 * made from the entries of an RFC 6962 log.
 *
 * @param extensions - `CtExtensions` without their own length.
 * @throws {@link CtStreamError} `CT_LEAF_MALFORMED` for bytes that are not a list of extensions, or when an extension occurs twice.
 */
export function leafIndexOf(extensions: Uint8Array): number | undefined {
  const reader = new ByteReader(extensions, 'CtExtensions')
  const seen = new Set<number>()
  let index: number | undefined
  while (reader.remaining > 0) {
    // ExtensionType extension_type;
    const type = reader.u8('extension_type')
    if (seen.has(type)) reader.fail(`extension ${type} occurs twice`)
    seen.add(type)
    // opaque extension_data<0..2^16-1>;
    const length = reader.u16('extension_data length')
    if (type === LEAF_INDEX && length !== 5) reader.fail(`leaf_index of ${length} bytes instead of 5`)
    // uint40 LeafIndex;
    if (type === LEAF_INDEX) index = reader.u8('leaf_index') * 0x100000000 + reader.u32('leaf_index')
    else reader.view(length, 'extension_data')
  }
  return index
}

/** The `CtExtensions` of a static-ct entry, without their own length. @param index - Below 2^40. */
export function encodeLeafIndex(index: number): Uint8Array {
  return new ByteWriter().uint(LEAF_INDEX, 1).uint(5, 2).uint(index, 5).bytes()
}
