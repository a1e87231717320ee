import { CtStreamError } from '../errors.js'
import type { DedupeBy, DedupeOption } from '../types/filter.js'
import { sha256 } from '../util/hash.js'
import { choiceOption, integerOption, objectOption } from '../util/options.js'
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

/** What is not given of the option `dedupe`. */
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

/**
 * Knows what was delivered, over all logs of a stream.
 *
 * An entry is remembered when the reader gets it. That loses nothing: whatever comes after it is looked at when it has been
 * acknowledged (or is in the same batch), so an entry is only dropped when the position of the one delivered before is committed with
 * its own or earlier. All is in memory: a stream that is started anew has forgotten everything, and delivers again.
 */
export class Delivered {
  private readonly keyOf: (leafInput: Uint8Array) => Uint8Array | undefined
  private readonly memory: KeyMemory
  private readonly now: () => number

  /** @param now - Elapsed milliseconds, not of a clock that can be set. */
  constructor({ by, ttlMs, maxEntries }: DedupeSettings, now: () => number, random: () => number) {
    this.keyOf = by === 'certificate' ? certificateKey : issuanceKey
    this.memory = new KeyMemory({ ttlMs, maxEntries, random })
    this.now = now
  }

  /** What stands for an entry: 32 bytes; `undefined` for one that cannot be told apart from others, and is never dropped. */
  key(leafInput: Uint8Array): Uint8Array | undefined {
    return this.keyOf(leafInput)
  }

  has(key: Uint8Array | undefined): boolean {
    return key !== undefined && this.memory.has(key, this.now())
  }

  add(key: Uint8Array | undefined): void {
    if (key !== undefined) this.memory.add(key, this.now())
  }
}

/**
 * SHA-256 of the `signed_entry` in a leaf and its type (RFC 6962 section 3.4): all that the tree covers of an entry but its
 * timestamp and extensions, which differ from log to log. `undefined` for bytes that are no leaf.
 */
export function certificateKey(leafInput: Uint8Array): Uint8Array | undefined {
  const walk = new LeafWalk()
  return walk.open(leafInput) === undefined ? undefined : sha256(leafInput.subarray(ENTRY_OFFSET, walk.end))
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
