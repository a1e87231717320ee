import type { LogKind } from './log.js'

/**
 * What a log list says of a log, in the order of a log's life; `unlisted` is a log that is named without a state (test
 * logs, and every log of a list that gives no states) or with a state this library does not know.
 */
export type ListedState = 'pending' | 'qualified' | 'usable' | 'readonly' | 'retired' | 'rejected' | 'unlisted'

/** Chrome's `log_type`; a log without one is taken for `prod`. */
export type LogType = 'prod' | 'test' | 'monitoring_only'

/** The head at which a read-only log stopped. */
export interface FinalTreeHead {
  /** Number of entries; safe integer. */
  readonly treeSize: number
  /** Merkle Tree Hash, 32 bytes. */
  readonly rootHash: Uint8Array
}

/** The certificates a shard accepts, by their `notAfter`. */
export interface TemporalInterval {
  /** Inclusive. */
  readonly start: Date
  /** Exclusive. */
  readonly end: Date
}

/** A log as the lists together describe it; usable wherever a {@link LogSpec} is. */
export type ListedLog = ListedLogFacts & LogAddress

/** Where a log is found, by protocol. All URLs are absolute and end in `/`. */
export type LogAddress =
  | { readonly kind: 'rfc6962'; readonly url: string }
  | { readonly kind: 'static-ct'; readonly submissionUrl: string; readonly monitoringUrl: string }

/** What a list says of a log of either kind. */
export interface ListedLogFacts {
  /** Base64 of SHA-256 over the log's SubjectPublicKeyInfo, 44 characters; the log's identity in every list. */
  readonly id: string
  /** Base64 SubjectPublicKeyInfo (DER). */
  readonly key: string
  /** Free text, different in every list; the URL when no list gives one. */
  readonly description: string
  /** The host name when no list gives one. */
  readonly operator: string
  /** Maximum merge delay, seconds; 86400 (RFC 6962) or 60 (static-ct) when no list gives one. */
  readonly mmd: number
  /** Its state in that list. */
  readonly state: ListedState
  /** When the list says the log came into `state`. */
  readonly stateSince: Date | undefined
  /** Of a `readonly` log, when its list gives it. */
  readonly finalTreeHead: FinalTreeHead | undefined
  /** Which certificates it takes, by `notAfter`; `undefined`: any. */
  readonly temporalInterval: TemporalInterval | undefined
  /** What it is for, such as `prod` or `test`; `undefined` where the list does not say. */
  readonly logType: LogType | undefined
  /**
   * Who says where it is. `fetched`: a list that came over the network, so that only public addresses on port 443 are connected
   * to. `given`: the caller, by a file, parsed JSON, a list on this machine, or `allowHttp`: any address.
   */
  readonly addressFrom: 'fetched' | 'given'
  /** The lists that name it: `chrome`, `apple`, `crt.sh`, or the URL or path of another; `given` for parsed JSON. */
  readonly lists: readonly string[]
}

/** Which of the listed logs to read. Every member narrows; what is left out has its default. */
export interface LogSelection {
  /** Operators by name, upper and lower case alike. Default: all. */
  readonly operators?: readonly string[]
  /**
   * Logs by name: the id, a URL (with or without scheme), or the beginning of the description or of a word of it, such as `argon2026h1`;
   * upper and lower case alike but in ids. Default: all.
   */
  readonly names?: readonly string[]
  /** Default: `qualified`, `usable`, `readonly`. */
  readonly states?: readonly ListedState[]
  /** Default: both. */
  readonly kinds?: readonly LogKind[]
  /** Default: `prod`, which includes logs without a type. */
  readonly logTypes?: readonly LogType[]
  /**
   * `growing` (default): only logs whose temporal interval still lets them accept certificates. `all`: also shards that
   * have run out, for backfills of logs that still answer.
   */
  readonly shards?: 'growing' | 'all'
  /** Asked last, for logs that passed everything else. */
  readonly match?: (log: ListedLog) => boolean
}

/**
 * A log list as parsed JSON: Chrome's schema v3, Apple's v5, or what is shaped like them (Mozilla-derived, crt.sh).
 * Fields and states that are not known are ignored; an entry that makes no sense is left out and reported.
 *
 * @see https://www.gstatic.com/ct/log_list/v3/log_list_schema.json
 */
export interface LogList {
  /** The operators, each with its logs. */
  readonly operators: readonly LogListOperator[]
  /** Version of the list, such as `68.12`; not looked at. */
  readonly version?: string
  /** RFC 3339. */
  readonly log_list_timestamp?: string
  /** Whether it also has logs that browsers do not trust. */
  readonly is_all_logs?: boolean
}

/** Whoever runs logs, in a log list. */
export interface LogListOperator {
  /** Name of the operator. */
  readonly name?: string
  /** How to reach the operator. */
  readonly email?: readonly string[]
  /** Its RFC 6962 logs. */
  readonly logs?: readonly LogListRfc6962Log[]
  /** Its static-ct logs. */
  readonly tiled_logs?: readonly LogListTiledLog[]
}

/** An RFC 6962 log in a log list. */
export interface LogListRfc6962Log extends LogListLog {
  /** Base URL, without `ct/v1/`. */
  readonly url: string
}

/** A static-ct log in a log list. */
export interface LogListTiledLog extends LogListLog {
  /** Prefix of what is submitted to; its checkpoints are named after it. */
  readonly submission_url: string
  /** Prefix of what is read: checkpoint and tiles. */
  readonly monitoring_url: string
}

/** What both kinds of log have in a log list. */
interface LogListLog {
  /** Name for people. */
  readonly description?: string
  /** Base64 SHA-256 of `key`. */
  readonly log_id: string
  /** Base64 SubjectPublicKeyInfo. */
  readonly key: string
  /** Seconds. */
  readonly mmd?: number
  /** One member, named for the state: `{ usable: { timestamp } }`. */
  readonly state?: object
  /** Which certificates it takes, by `notAfter`: ISO 8601. */
  readonly temporal_interval?: { readonly start_inclusive: string; readonly end_exclusive: string }
  /** What it is for: `prod`, `test` …; where it is missing: unknown. */
  readonly log_type?: string
}

/** Something in a list that was left out or is odd. */
export interface ListProblem {
  /** The list, as in {@link ListedLogFacts.lists}. */
  readonly list: string
  /**
   * `skipped`: the log it names is not used. `placeholder`: a made-up log (below `example.com`, "Bogus", mimics) was left
   * out, as it should be. `noted`: used in spite of it.
   */
  readonly kind: 'skipped' | 'placeholder' | 'noted'
  /** Base64 log id, else the description or the position in the list; `undefined` when it is about the list. */
  readonly log: string | undefined
  /** What is wrong, for people. */
  readonly message: string
}
