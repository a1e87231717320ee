import type { CtCertificate } from '../types/certificate.js'
import { type Framing, frameOf } from './framing.js'
import type { Dedupe, Issued } from './issuances.js'
import { messageId } from './message-id.js'
import { findingMessage, type MessageFormat, messageOf } from './messages.js'
import { certificateOf, type ServedEntry } from './served-entry.js'

/** Whether findings are sent together with entries, or alone. */
export type Findings = 'with' | 'only'

/** What a client wants of each page. Clients with equal keys get equal bytes. */
export interface Selection {
  readonly key: string
  readonly format: MessageFormat
  readonly framing: Framing
  /** Whether findings are sent together with the entries, or alone; `undefined` for none. */
  readonly findings?: Findings | undefined
  /** Set to send each issuance once: which of its entries the filter passes. `undefined` to send all entries. */
  readonly once?: ((issued: Issued) => boolean) | undefined
  /** The filter; `undefined` to pass every entry. */
  readonly matches: ((certificate: CtCertificate) => boolean) | undefined
}

/** Which entries are sent, and in which form. */
export type Wanted = Pick<Selection, 'format' | 'findings' | 'matches'>

/**
 * Most buffers of one page that are kept, of up to a megabyte or so: all forms that many clients share. A client that reconnects with ever
 * other filters would fill the memory otherwise.
 */
const MAX_ENCODED = 32

const none: ReadonlySet<number> = new Set()
const nothing = Buffer.alloc(0)

/** Consecutive entries with their numbers. Each message is made at most once, when a client first needs it. */
export class ServedPage {
  readonly entries: readonly ServedEntry[]
  /** Number of the first entry. */
  readonly first: number
  private readonly series: string
  private readonly certificates: (CtCertificate | undefined)[] = []
  private readonly messages = new Map<MessageFormat | 'finding', (Buffer | null | undefined)[]>()
  /** By the selection's key; the one used last comes last. */
  private readonly encoded = new Map<string, Buffer>()

  constructor(series: string, first: number, entries: readonly ServedEntry[]) {
    this.series = series
    this.first = first
    this.entries = entries
  }

  get last(): number {
    return this.first + this.entries.length - 1
  }

  /**
   * The bytes to write for the entries from a number on; empty when none is wanted. Clients with equal keys that get the whole page, and
   * have the same of its issuances already, share one buffer as long as it is kept.
   */
  encode(selection: Selection, from: number, dedupe?: Dedupe): Buffer {
    const repeats = dedupe === undefined ? none : this.repeats(selection, dedupe)
    if (from > this.first) return this.assemble(selection, from - this.first, repeats)
    const key = repeats.size === 0 ? selection.key : `${selection.key} ${[...repeats]}`
    const bytes = this.encoded.get(key) ?? this.assemble(selection, 0, repeats)
    this.encoded.delete(key)
    this.encoded.set(key, bytes)
    if (this.encoded.size > MAX_ENCODED) this.encoded.delete(this.encoded.keys().next().value ?? '')
    return bytes
  }

  /** Places of the entries whose issuance the client was sent before. */
  private repeats({ once }: Selection, { issuances, since }: Dedupe): ReadonlySet<number> {
    const repeats = new Set<number>()
    this.entries.forEach(({ finding, log }, i) => {
      if (finding !== undefined || once === undefined) return
      const { issuanceId, kind } = this.certificate(i)
      if (issuanceId === undefined) return
      const number = this.first + i
      issuances.add(issuanceId, { number, kind, log })
      if (issuances.wasSent(issuanceId, since, number, once)) repeats.add(i)
    })
    return repeats
  }

  /** The message of an entry by its place in the page. */
  message(format: MessageFormat, i: number): Buffer | undefined {
    const finding = this.entries[i]?.finding
    const form = finding === undefined ? format : 'finding'
    let messages = this.messages.get(form)
    if (messages === undefined) {
      messages = []
      this.messages.set(form, messages)
    }
    let message = messages[i]
    if (message === undefined) {
      const id = this.id(i)
      const made =
        finding === undefined
          ? messageOf(format, this.certificate(i), id, this.entries[i]?.issuers ?? [])
          : findingMessage(finding, id)
      message = made ?? null
      messages[i] = message
    }
    return message ?? undefined
  }

  /** The messages of the wanted entries between two numbers, both inclusive. */
  messagesOf(selection: Wanted, from: number, to: number): Buffer[] {
    const found: Buffer[] = []
    for (let i = Math.max(0, from - this.first); i < this.entries.length && this.first + i <= to; i++) {
      const message = this.wanted(selection, i)
      if (message !== undefined) found.push(message)
    }
    return found
  }

  private assemble(selection: Selection, from: number, without: ReadonlySet<number>): Buffer {
    const parts: Buffer[] = []
    for (let i = from; i < this.entries.length; i++) {
      if (without.has(i)) continue
      const message = this.wanted(selection, i)
      if (message !== undefined) parts.push(...frameOf(selection.framing, message, this.id(i)))
    }
    return parts.length === 0 ? nothing : Buffer.concat(parts)
  }

  /** Of what the client wants. */
  private wanted({ format, findings, matches }: Wanted, i: number): Buffer | undefined {
    const isFinding = this.entries[i]?.finding !== undefined
    if (isFinding ? findings === undefined : findings === 'only') return undefined
    if (matches !== undefined && !matches(this.certificate(i))) return undefined
    return this.message(format, i)
  }

  /** By its place in the page. */
  certificate(i: number): CtCertificate {
    let certificate = this.certificates[i]
    if (certificate === undefined) {
      certificate = certificateOf(this.entries[i] as ServedEntry, this.id(i))
      this.certificates[i] = certificate
    }
    return certificate
  }

  /** By its place in the page. */
  id(i: number): string {
    return messageId(this.series, this.first + i)
  }
}
