import type { CtCertificate } from './certificate.js'
import type { CertificateJson } from './certificate-json.js'

/** How urgent a finding is, from least to most. */
export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical'

/** One piece of evidence for a finding. */
export interface FindingReason {
  /** For people: one short sentence. */
  readonly text: string
  /** What it adds to the score; negative where it speaks against. `undefined` where nothing is added up. */
  readonly points?: number
  /** The name it is about; `undefined` when it is about the certificate as a whole. */
  readonly name?: string
  /** Where in `name`: offset of the first character, and of the one behind the last. */
  readonly at?: readonly [start: number, end: number]
}

/**
 * What a module says of a certificate. Plain data: `JSON.stringify` keeps all of it.
 *
 * There is one for each module, issuance and subject: a certificate whose precertificate was reported, or the same entry of another
 * log, is counted as a repeat and not reported again while it is remembered. After a restart the same finding may come again, with
 * the same `id`.
 */
export interface Finding {
  /** 32 hex digits: a hash of module, issuance and subject. The same after a restart, on any machine. */
  readonly id: string
  /** Name of the module that reported it. */
  readonly module: string
  /** What kind of finding, in the module's own words; 1 to 100 characters. */
  readonly kind: string
  /** What it is about within the certificate, such as a name or a brand; the `kind` where a module does not say. */
  readonly subject: string
  /** How urgent it is, in a word. */
  readonly severity: Severity
  /** 0 to 100. */
  readonly score: number
  /** Strongest first; at least one. */
  readonly reasons: readonly FindingReason[]
  /** The certificate as its JSON form; shared by all findings of one certificate, not to be changed. */
  readonly certificate: CertificateJson
  /** When this run first reported it, ISO 8601 in UTC with milliseconds. */
  readonly firstSeen: string
}

/** What a module passes to `emit`: the rest of the {@link Finding} is added. Texts that are too long are cut and end in `…`. */
export interface FindingDraft {
  /** Up to 100 characters. */
  readonly kind: string
  /** Default: the kind, so that a certificate has one finding of each kind. Shown up to 4,096 characters. */
  readonly subject?: string
  /** Default `'medium'`. */
  readonly severity?: Severity
  /** 0 to 100; default by severity: 10, 30, 50, 75, 95. */
  readonly score?: number
  /** One reason in short; or `reasons`. */
  readonly reason?: string
  /** The first 100 are kept, of each text 2,000 characters. */
  readonly reasons?: readonly FindingReason[]
  /** Needed in `onBatch`, `setup` and `drain`; elsewhere the certificate at hand is meant. */
  readonly certificate?: CtCertificate
}
