import type { LogKind } from './log.js'

/**
 * What a piece of evidence says of a log.
 *
 * | kind | the log … | can be proven by its signatures alone |
 * |---|---|---|
 * | `two-roots` | signed two trees of one size | yes |
 * | `fork` | signed a tree that does not continue a smaller one it signed | yes, with the proof |
 * | `rollback` | signed a smaller tree at a later time | yes; of an RFC 6962 log from five minutes later on |
 * | `wrong-empty-root` | signed a tree of no entries with another root than SHA-256("") | yes |
 * | `grown-after-end` | signed another tree than the one at which a log list says it ended | no |
 * | `never-served` | signed a tree whose entries it never served | no |
 * | `wrong-entries` | served entries that are not those of the tree it signed | no |
 * | `wrong-proof` | served a proof that proves nothing | no |
 * | `wrong-signature` | served a head whose signature does not verify | no |
 * | `other` | did something a later version has a word for | no |
 */
export type EvidenceKind =
  | 'two-roots'
  | 'fork'
  | 'rollback'
  | 'wrong-empty-root'
  | 'grown-after-end'
  | 'never-served'
  | 'wrong-entries'
  | 'wrong-proof'
  | 'wrong-signature'
  | 'other'

/**
 * Evidence of a log's misbehaviour as a document of its own, version 1: all it takes to check it. Bytes are base64, times ISO 8601
 * in UTC; what does not apply is `null`. At most 4 MiB.
 */
export interface EvidenceJson {
  readonly format: 'ct-stream evidence'
  readonly version: 1
  /** What the log did. */
  readonly kind: EvidenceKind
  /** One sentence, as it was reported; at most 4,000 characters. */
  readonly claim: string
  /** The error code it was reported with. */
  readonly code: string
  /** When the first answer that contradicts was received, by the recorder's clock; `null` when that was not kept. */
  readonly since: string | null
  /** When it was held against the log, by the recorder's clock. */
  readonly recordedAt: string
  /** The log that did it. */
  readonly log: EvidenceLogJson
  /**
   * The signed heads it is about, smaller trees first, of equal ones the older: two for `two-roots`, `fork` and `rollback`, at most
   * three in all.
   */
  readonly heads: readonly EvidenceHeadJson[]
  /** A consistency proof (RFC 6962 section 2.1.2) as the log gave it, or as it follows from its hash tiles. */
  readonly proof: EvidenceProofJson | null
  /** Entries that do not belong to the head. */
  readonly entries: EvidenceEntriesJson | null
  /** The answer at fault, where it was a head. */
  readonly answer: EvidenceAnswerJson | null
  /** The root at which a log list says the log ended; only with `grown-after-end`. */
  readonly listedRoot: string | null
  /**
   * Lower-case hexadecimal SHA-256 of the document without this member as canonical JSON (RFC 8785: names sorted, no white space).
   * It finds damage; it says nothing of who wrote the document.
   */
  readonly sha256: string
}

/** The log it is about. */
export interface EvidenceLogJson {
  /** SHA-256 of `key`. */
  readonly id: string
  /** SubjectPublicKeyInfo (DER); `null` in evidence of earlier versions, where no list at hand had it. */
  readonly key: string | null
  /** Which protocol it speaks. */
  readonly kind: LogKind
  /** Where it is read. */
  readonly url: string
  /** Origin line of a static-ct log's checkpoints; `null` of other logs. */
  readonly origin: string | null
  /** Name for people; of a list, or given by hand. */
  readonly description: string
  /** Who runs it; of a list, or given by hand. */
  readonly operator: string
}

/** A signed head in the words of get-sth (RFC 6962 section 4.3), which the head of a static-ct log can be put into, too. */
export interface EvidenceHeadJson {
  /** Entries, 0 to 2^53 - 1. */
  readonly tree_size: number
  /** Epoch milliseconds, by the log's clock. */
  readonly timestamp: number
  /** Base64, 32 bytes. */
  readonly sha256_root_hash: string
  /** `DigitallySigned`: two bytes of algorithms, two of length, and the signature in DER, as other programs take it. */
  readonly tree_head_signature: string
  /** The 50 bytes the signature signs (`TreeHeadSignature`, RFC 6962 section 3.5). They follow from the members above. */
  readonly signed: string
}

/** A consistency proof. */
export interface EvidenceProofJson {
  /** Size of the smaller tree. */
  readonly first: number
  /** Size of the larger one. */
  readonly second: number
  /** 32 bytes each. */
  readonly hashes: readonly string[]
  /**
   * Root of the first `first` entries of the larger tree, which `hashes` proves: with `fork`, another one than the log signed for
   * as many entries. `null` where the proof proves nothing.
   */
  readonly firstRoot: string | null
}

/** Entries as they were served, by their leaf hashes. */
export interface EvidenceEntriesJson {
  /** Number of entries before the first leaf hash, which had been proven. */
  readonly start: number
  /** Roots of the perfect subtrees of the entries before `start`, largest first. */
  readonly range: readonly string[]
  /** SHA-256(0x00 || leaf) of the entries from `start` on, at most 10,000. */
  readonly leafHashes: readonly string[]
  /** Whether `leafHashes` has all entries that were compared with the head. */
  readonly complete: boolean
  /** The page at fault, where it is known. */
  readonly page: EvidencePageJson | null
}

/** A page of entries. */
export interface EvidencePageJson {
  /** Where these entries are asked for. */
  readonly url: string
  /** Index of its first entry. */
  readonly start: number
  /** Number of entries. */
  readonly count: number
  /** `MerkleTreeLeaf` of its first entries, as many as make up a mebibyte at most; the others are pinned by their leaf hashes. */
  readonly leafInputs: readonly string[]
}

/** An answer as it was received. */
export interface EvidenceAnswerJson {
  /** What was asked for. */
  readonly url: string
  /** Bytes it had. */
  readonly length: number
  /** Lower-case hexadecimal, of all of it. */
  readonly sha256: string
  /** All of it; `null` when it was longer than 64 KiB. */
  readonly body: string | null
}

/** What checking a piece of evidence came to. */
export interface EvidenceVerdict {
  /** Whether all that can be checked is as the document says. */
  readonly holds: boolean
  /**
   * `log-signed-contradiction`: signatures of the log contradict each other; whoever has its key can see that it misbehaved, and
   * nobody else can have made it up. `observed-only`: what is checked fits, but that the log served it rests on the word of who
   * recorded it. `undefined` when it does not hold.
   */
  readonly proves: 'log-signed-contradiction' | 'observed-only' | undefined
  /** What the document says that the log did. */
  readonly kind: EvidenceKind
  /** The log that the document names. */
  readonly log: EvidenceLogJson
  /** One plain sentence. It quotes the document: not to be shown raw on a terminal. */
  readonly verdict: string
  /** What does not fit; empty when it holds. */
  readonly problems: readonly string[]
  /** What rests on the recorder's word; empty for a contradiction of signatures. */
  readonly unproven: readonly string[]
}
