/**
 * A run of consecutive entries as a log served them: bytes, not yet decoded.
 *
 * Both protocols answer in pages (a get-entries answer, a data tile); everything between the log client and the reader
 * moves such pages, never single entries, so that the hot path allocates per page.
 */
export interface EntryBatch {
  /** Index of the first entry. */
  readonly start: number
  /** Number of entries, at least 1. */
  readonly length: number
  /** Number of entries of the answer that this batch is, or is a part of; at least `length`. */
  readonly pageLength: number
  /** Bytes this batch keeps in memory until it is released, for the byte budget. */
  readonly byteLength: number
  /** The `MerkleTreeLeaf` of entry `start + i` (RFC 6962 section 3.4): a view, good until the batch is released. */
  leafInput(i: number): Uint8Array
  /** SHA-256(0x00 || leaf) of all entries, `32 * length` bytes; computed on first use, then kept. */
  leafHashes(): Uint8Array
  /** The root of the subtree whose leaves are exactly these entries, 32 bytes, where it is known already. */
  readonly subtreeRoot?: Uint8Array | undefined
  /** A copy of entry `start + i`: it keeps at most a few neighbours in memory, never the batch. */
  entry(i: number): RawEntry
  /**
   * Entries `start + from` to `start + to` (exclusive) alone; the others are not read any more, nor this batch. Half of the page and less is
   * copied, and the page's memory given back: one new entry of a tile would keep the whole tile for as long as nobody reads it.
   */
  only(from: number, to: number): EntryBatch
  /**
   * Gives the memory of the page back, to be used for another page: copies of entries and leaf hashes stay as they are, reading
   * anything else throws `CT_CLOSED`. Idempotent; a batch that is never released is left to the garbage collector.
   */
  release(): void
}

/** One entry, in memory apart from the batch it came in. */
export interface RawEntry {
  /** Zero-based position in the log, 0 to 2^53 - 1. */
  readonly index: number
  /** `MerkleTreeLeaf`, RFC 6962 section 3.4. Covered by the leaf hash. */
  readonly leafInput: Uint8Array
  /** What the log sends beside the leaf. NOT covered by the Merkle tree: unauthenticated until checked. */
  readonly extra: EntryExtra
}

/** RFC 6962 `extra_data`, or the part of a static-ct `TileLeaf` after the `TimestampedEntry`; decoded when asked. */
export interface EntryExtra {
  /** Memory that it keeps, bytes; absent where that is next to nothing. */
  readonly byteLength?: number
  /**
   * The precertificate as submitted, with poison and signature. `undefined` for an X.509 entry, or when the log sent none.
   * @throws {@link CtStreamError} `CT_LEAF_MALFORMED` when the bytes are not the structure of the standard.
   */
  preCertificate(): Uint8Array | undefined
  /**
   * At least the first `least` bytes of {@link preCertificate}, or all there are, unchecked: for whoever needs no more of it. Absent where
   * that saves nothing; `undefined` where it cannot be told.
   */
  preCertificateStart?(least: number): Uint8Array | undefined
  /**
   * The issuer chain, nearest first: whole certificates (RFC 6962) or their SHA-256 fingerprints (static-ct).
   * @throws {@link CtStreamError} `CT_LEAF_MALFORMED` when the bytes are not the structure of the standard.
   */
  chain(): EntryChain
}

/** The issuers of an entry as its log sends them, nearest first; discriminated by `kind`. */
export type EntryChain =
  | {
      /** RFC 6962 section 4.6: `get-entries` sends them whole. */
      readonly kind: 'certificates'
      /** DER. */
      readonly certificates: readonly Uint8Array[]
    }
  | {
      /** C2SP static-ct-api: to be fetched under `issuer/`. */
      readonly kind: 'fingerprints'
      /** SHA-256 of the DER, 32 bytes each. */
      readonly fingerprints: readonly Uint8Array[]
    }
