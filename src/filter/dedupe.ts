import { CtStreamError } from '../errors.js'
import type { EntryExtra } from '../types/entries.js'
import type { DedupeBy, DedupeOption } from '../types/filter.js'
import { concatBytes } from '../util/bytes.js'
import { sha256 } from '../util/hash.js'
import { choiceOption, integerOption, objectOption } from '../util/options.js'
import type { EntryKind } from '../wire/merkle-leaf.js'
import { outlineCertificate, outlineTbs } from '../x509/certificate-frame.js'
import { issuanceTbs } from '../x509/issuance-tbs.js'
import { KeyMemory } from './key-memory.js'
import { LeafWalk } from './leaf-walk.js'

/** The option `dedupe`, checked and complete. */
export interface DedupeSettings {
  readonly by: DedupeBy
  readonly ttlMs: number
  readonly maxEntries: number
}

/** Defaults of the option `dedupe`. */
export const DEDUPE_DEFAULTS = Object.freeze({ ttlMs: 24 * 60 * 60 * 1000, maxEntries: 1_000_000 })

const WAYS: readonly DedupeBy[] = ['certificate', 'issuance']
const MAX_TTL = 365 * 24 * 60 * 60 * 1000
/** Where the entry of a leaf begins with its type, RFC 6962 section 3.4. */
const ENTRY_OFFSET = 10

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` */
export function dedupeOption(option: string, value: DedupeOption | undefined): DedupeSettings | undefined {
  if (value === undefined || value === false) return undefined
  if (typeof value !== 'object') return { by: choiceOption(option, value, WAYS, 'certificate'), ...DEDUPE_DEFAULTS }
  const given = objectOption<Exclude<DedupeOption, DedupeBy | false>>(option, value, ['by', 'ttlMs', 'maxEntries'])
  return {
    by: choiceOption(`${option}.by`, given.by ?? null, WAYS, 'certificate'),
    ttlMs: integerOption(`${option}.ttlMs`, given.ttlMs, 1000, MAX_TTL, DEDUPE_DEFAULTS.ttlMs),
    maxEntries: integerOption(`${option}.maxEntries`, given.maxEntries, 1, 50_000_000, DEDUPE_DEFAULTS.maxEntries),
  }
}

/** Keys by which a delivered entry is recognized. */
export interface EntryKeys {
  readonly kind: EntryKind
  /** Key of exactly this entry, 32 bytes. */
  readonly own: Uint8Array
  /** Key of its issuance, 32 bytes; `undefined` where the issuance does not count, or is unreadable. */
  readonly issuance: Uint8Array | undefined
}

/**
 * Recognizes entries that were delivered before, over all logs of a stream.
 *
 * An entry is remembered when the reader gets it. This loses nothing: until it is acknowledged, its log's position stays before it, so
 * after a restart it is delivered again, even if duplicates of it were dropped and committed. Everything is in memory: a restarted
 * stream has forgotten it all, and delivers again.
 *
 * A log can publish anything, including a real certificate with a forged CA signature; signatures are not checked here. So that such an
 * entry cannot suppress the genuine one, an entry is dropped as a duplicate of one of its own kind only if all bytes are equal, signature
 * included, and a precertificate is never dropped because of a certificate. A certificate is dropped because of its precertificate; the
 * option documents what that leaves open.
 */
export class SeenEntries {
  private readonly by: DedupeBy
  private readonly memory: KeyMemory
  private readonly now: () => number

  /** @param now - Elapsed milliseconds, of a clock that nobody can set. */
  constructor({ by, ttlMs, maxEntries }: DedupeSettings, now: () => number, random: () => number) {
    this.by = by
    this.memory = new KeyMemory({ ttlMs, maxEntries, random })
    this.now = now
  }

  /**
   * The keys of an entry; `undefined` for one that cannot be distinguished from others, and is never dropped.
   * @param extra - Returns the extra data; called only for a precert entry.
   */
  keys(leafInput: Uint8Array, extra: () => EntryExtra): EntryKeys | undefined {
    const walk = new LeafWalk()
    const kind = walk.open(leafInput)
    if (kind === undefined) return undefined
    return {
      kind,
      own: kind === 'x509' ? leafKey(leafInput, walk) : precertificateKey(leafInput, walk, extra()),
      issuance: this.by === 'issuance' ? issuanceKey(leafInput) : undefined,
    }
  }

  has(keys: EntryKeys | undefined): boolean {
    if (keys === undefined) return false
    const { memory } = this
    const now = this.now()
    if (memory.has(keys.own, now)) return true
    return keys.kind === 'x509' && keys.issuance !== undefined && memory.has(keys.issuance, now)
  }

  add(keys: EntryKeys | undefined): void {
    if (keys === undefined) return
    const now = this.now()
    this.memory.add(keys.own, now)
    // Only a precertificate makes later entries of its issuance duplicates.
    if (keys.kind === 'precert' && keys.issuance !== undefined) this.memory.add(keys.issuance, now)
  }
}

/**
 * SHA-256 of the `signed_entry` in a leaf and its type (RFC 6962 section 3.4): everything that the tree covers except timestamp and
 * extensions, which differ from log to log.
 */
function leafKey(leafInput: Uint8Array, { end }: LeafWalk): Uint8Array {
  return sha256(leafInput.subarray(ENTRY_OFFSET, end))
}

/** The same including the submitted precertificate, which holds the CA's signature, and which the tree does not cover. */
function precertificateKey(leafInput: Uint8Array, { end }: LeafWalk, extra: EntryExtra): Uint8Array {
  return sha256(concatBytes([leafInput.subarray(ENTRY_OFFSET, end), preCertificateOf(extra) ?? new Uint8Array(0)]))
}

/** `undefined` for unreadable extra data: such entries are compared by their leaves alone. */
function preCertificateOf(extra: EntryExtra): Uint8Array | undefined {
  try {
    return extra.preCertificate()
  } catch (error) {
    if (CtStreamError.is(error)) return undefined
    throw error
  }
}

/** The `issuanceId` of the entry in a leaf, as bytes; `undefined` for an unparsable entry. */
export function issuanceKey(leafInput: Uint8Array): Uint8Array | undefined {
  const walk = new LeafWalk()
  const type = walk.open(leafInput)
  if (type === undefined) return undefined
  const der = leafInput.subarray(walk.start, walk.end)
  try {
    return sha256(issuanceTbs(type === 'x509' ? outlineCertificate(der).outline : outlineTbs(der)))
  } catch (error) {
    if (CtStreamError.is(error)) return undefined
    throw error
  }
}
