import { createHash } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { CtStreamError } from '../errors.js'
import { KeyMemory } from '../filter/key-memory.js'
import type { Clock } from '../types/clock.js'
import { elapsedOf, systemClock } from '../util/clock.js'
import { choiceOption, integerOption, objectOption } from '../util/options.js'
import { type CacheBy, type CacheKey, cacheKey } from './cache-key.js'

export type { CacheBy, CacheKey } from './cache-key.js'

/** Remembers certificates. `CertificateCache` is one in memory; a store that several processes share can be another. */
export interface CertificateMemory {
  /** Whether it was remembered before; remembers it from now on. */
  seen(key: CacheKey): boolean | Promise<boolean>
  /** Whether it is remembered. */
  has(key: CacheKey): boolean | Promise<boolean>
  /** Remembers it from now on; does nothing when it is remembered already. */
  add(key: CacheKey): void | Promise<void>
}

/** Options of {@link CertificateCache}; all optional. */
export interface CertificateCacheOptions {
  /** What identifies a certificate. Default `'certificate'`. */
  readonly by?: CacheBy
  /** How long a certificate is remembered, milliseconds, 1000 to 31,536,000,000. Default a day. */
  readonly ttlMs?: number
  /**
   * Most certificates remembered; the oldest are forgotten first. 1 to 50,000,000, default 1,000,000. Each takes 32 bytes: 8 from the
   * start, 24 when it is added.
   */
  readonly maxEntries?: number
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /** Uniform in [0, 1), decides where keys are kept. Default `Math.random`. */
  readonly random?: () => number
}

/** State and counts of a cache. */
export interface CacheStatus {
  /** Certificates remembered, including expired ones that are not removed yet. */
  readonly entries: number
  /** Memory of its tables, bytes. */
  readonly bytes: number
  /** Lookups that found the certificate. */
  readonly hits: number
  /** Lookups that did not find it. */
  readonly misses: number
  /** Certificates removed before their time to make room. */
  readonly evictions: number
}

// magic | u32 version | u32 by | u32 count | count × (16 bytes of the key, f64 age in ms), oldest first | SHA-256 of all before
const MAGIC = Buffer.from('ctcache\n')
const VERSION = 1
const HEADER = MAGIC.length + 12
const RECORD = 24
const CHECK = 32
const DAY = 86_400_000
/** Records written or read at once. */
const BLOCK = 65_536

/**
 * Remembers certificates for a time, in fixed memory, by fingerprints of 128 bits.
 *
 * ```ts
 * const cache = new CertificateCache({ by: 'issuance', maxEntries: 10_000_000 })
 * for await (const cert of stream) if (!cache.seen(cert)) handle(cert)
 * ```
 *
 * A fingerprint is half of a SHA-256: with n certificates remembered, a new one is mistaken for one of them with a probability of
 * n / 2^128, which is 3 in 10^32 for ten million. Making two certificates collide on purpose takes about 2^64 hashes. (The stream's
 * `dedupe` keeps whole keys.)
 */
export class CertificateCache implements CertificateMemory {
  private readonly by: CacheBy
  private readonly memory: KeyMemory
  private readonly ttlMs: number
  private readonly maxEntries: number
  private readonly elapsed: () => number
  private readonly now: () => number
  private hits = 0
  private misses = 0

  /** @throws {@link CtStreamError} `CT_OPTION_INVALID` */
  constructor(options: CertificateCacheOptions = {}) {
    const given = objectOption<CertificateCacheOptions>('options', options, [
      'by',
      'ttlMs',
      'maxEntries',
      'clock',
      'random',
    ])
    this.by = choiceOption('by', given.by, ['certificate', 'issuance'], 'certificate')
    this.ttlMs = integerOption('ttlMs', given.ttlMs, 1000, 365 * DAY, DAY)
    this.maxEntries = integerOption('maxEntries', given.maxEntries, 1, 50_000_000, 1_000_000)
    const clock = given.clock ?? systemClock
    this.elapsed = elapsedOf(clock)
    this.now = () => clock.now()
    this.memory = new KeyMemory({
      ttlMs: this.ttlMs,
      maxEntries: this.maxEntries,
      random: given.random ?? Math.random,
      keyBytes: 16,
      reserve: true,
    })
  }

  seen(key: CacheKey): boolean {
    return this.count(this.memory.add(this.keyOf(key), this.elapsed()))
  }

  has(key: CacheKey): boolean {
    return this.count(this.memory.has(this.keyOf(key), this.elapsed()))
  }

  add(key: CacheKey): void {
    this.memory.add(this.keyOf(key), this.elapsed())
  }

  /** State and counts at this moment; a new object each time. */
  status(): CacheStatus {
    const { hits, misses } = this
    return { entries: this.memory.size, bytes: this.memory.byteLength, hits, misses, evictions: this.memory.evictions }
  }

  /**
   * Writes all remembered certificates with their age, so that another process can load them. The file appears whole or not at all.
   *
   * @throws {@link CtStreamError} `CT_CACHE_UNUSABLE` when it cannot be written; an older file of that name stays unchanged.
   */
  async save(file: string): Promise<void> {
    const partial = `${file}.partial`
    try {
      const handle = await open(partial, 'w', 0o600)
      try {
        await this.write((bytes) => handle.writeFile(bytes))
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(partial, file)
    } catch (cause) {
      await rm(partial, { force: true }).catch(() => {})
      throw unusable(file, `cannot be written: ${messageOf(cause)}`, cause)
    }
  }

  /**
   * Loads a saved cache into an empty one, without certificates that have expired or do not fit.
   *
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` when something was added already.
   * @throws {@link CtStreamError} `CT_CACHE_UNUSABLE` when the file is missing, damaged, of a newer version, or of another `by`;
   * nothing is loaded then.
   */
  async load(file: string): Promise<void> {
    if (this.memory.size > 0)
      throw new CtStreamError('CT_OPTION_INVALID', 'load() comes before anything is added to a cache')
    let bytes: Buffer
    try {
      bytes = await this.read(file)
    } catch (cause) {
      throw CtStreamError.is(cause) ? cause : unusable(file, `cannot be read: ${messageOf(cause)}`, cause)
    }
    const savedAt = bytes.readDoubleLE(HEADER)
    const passed = Math.max(0, this.now() - savedAt)
    const now = this.elapsed()
    const records = bytes.subarray(HEADER + 8, bytes.length - CHECK)
    const first = Math.max(0, records.length / RECORD - this.maxEntries) * RECORD
    for (let at = first; at < records.length; at += RECORD) {
      const age = records.readDoubleLE(at + 16) + passed
      if (age < this.ttlMs) this.memory.restore(records.subarray(at, at + 16), now - age)
    }
  }

  private count(isHit: boolean): boolean {
    if (isHit) this.hits++
    else this.misses++
    return isHit
  }

  private keyOf(key: CacheKey): Uint8Array {
    return cacheKey(key, this.by)
  }

  private async write(out: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    const hash = createHash('sha256')
    const put = async (bytes: Uint8Array) => {
      hash.update(bytes)
      await out(bytes)
    }
    const now = this.elapsed()
    // A snapshot: the header counts the records, so certificates added while writing must not be among them.
    const entries = this.memory.snapshot()
    const header = Buffer.alloc(HEADER + 8)
    MAGIC.copy(header)
    header.writeUInt32LE(VERSION, MAGIC.length)
    header.writeUInt32LE(this.by === 'issuance' ? 1 : 0, MAGIC.length + 4)
    header.writeUInt32LE(entries.count, MAGIC.length + 8)
    header.writeDoubleLE(this.now(), HEADER)
    await put(header)
    for (let start = 0; start < entries.count; start += BLOCK) {
      const end = Math.min(entries.count, start + BLOCK)
      const block = Buffer.alloc((end - start) * RECORD)
      for (let i = start; i < end; i++) {
        block.set(entries.key(i), (i - start) * RECORD)
        block.writeDoubleLE(Math.max(0, now - entries.time(i)), (i - start) * RECORD + 16)
      }
      await put(block)
    }
    await out(hash.digest())
  }

  /** Reads and checks the whole file. */
  private async read(file: string): Promise<Buffer> {
    const handle = await open(file, 'r')
    try {
      const { size } = await handle.stat()
      const most = HEADER + 8 + 50_000_000 * RECORD + CHECK
      if (size < HEADER + 8 + CHECK || size > most) throw unusable(file, `has ${size} bytes, which no cache has`)
      const bytes = await handle.readFile()
      if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw unusable(file, 'is no saved cache')
      const version = bytes.readUInt32LE(MAGIC.length)
      if (version !== VERSION) throw unusable(file, `has version ${version}; this one reads version ${VERSION}`)
      const digest = createHash('sha256').update(bytes.subarray(0, -CHECK)).digest()
      const count = bytes.readUInt32LE(MAGIC.length + 8)
      if (!digest.equals(bytes.subarray(-CHECK)) || bytes.length !== HEADER + 8 + count * RECORD + CHECK)
        throw unusable(file, 'is damaged')
      const by = bytes.readUInt32LE(MAGIC.length + 4) === 1 ? 'issuance' : 'certificate'
      if (by !== this.by) throw unusable(file, `was saved by ${by}, and this cache goes by ${this.by}`)
      return bytes
    } finally {
      await handle.close()
    }
  }
}

function unusable(file: string, problem: string, cause?: unknown): CtStreamError {
  return new CtStreamError('CT_CACHE_UNUSABLE', `cache file ${file} ${problem}: delete it to begin anew`, { cause })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
