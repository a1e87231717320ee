import type { ClusterView } from '../cluster/view.js'
import type { ConfiguredModule, Module } from '../modules/definition.js'
import { threadsOption } from '../modules/threads/threads-option.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Evidence, Gap } from '../types/checkpoint.js'
import type { Clock, Logger } from '../types/clock.js'
import type { QueueStatus } from '../types/queue.js'
import type { FollowedLog } from '../types/stream.js'
import type { CtStreamEvents } from '../types/stream-events.js'
import type { StreamStatus } from '../types/stream-status.js'
import { systemClock } from '../util/clock.js'
import { integerOption, objectOption, optionError } from '../util/options.js'

/**
 * The source of a server: a `CtStream`, or anything of this shape. Read by `batches()` where it has that method. Asking for the next page
 * acknowledges the one before; with `acknowledge: 'manual'` the server acknowledges each certificate once it is kept.
 */
export interface ServerSource extends AsyncIterable<CtCertificate> {
  /** Certificates page by page, each of one log: the fast way. */
  batches?(): AsyncIterable<readonly CtCertificate[]>
  /** Called when everything of its log up to and including this certificate is kept. */
  acknowledge?(certificate: CtCertificate): void
  /** Whether to call {@link ServerSource.acknowledge}. Default `automatic`: it is not called. */
  readonly acknowledgement?: 'manual' | 'automatic'
  /** The state of the logs: the server is ready when it reads one. Also shown at `/metrics`. */
  status?(): StreamStatus
  /** Events of a `CtStream`, which `/metrics` counts. */
  on?<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): unknown
  /** Why it cannot be read yet, as `/readyz` then says to anybody; `undefined` when it can. Default: by {@link ServerSource.status}. */
  unready?(): string | undefined
  /** The logs with their keys, which are needed to check evidence. */
  logs?(): readonly FollowedLog[]
  /** Stops reading; called when the server closes. */
  close?(): Promise<void>
}

/** Where a server reads gaps and evidence: the checkpoint store of its stream, or a reader of that store. */
export interface ServerStore {
  /** Gaps, in the order recorded. */
  gaps(): readonly Gap[] | Promise<readonly Gap[]>
  /** Evidence, in the order recorded. */
  evidence(): readonly Evidence[] | Promise<readonly Evidence[]>
}

/** The engine of the cluster that this server belongs to, for `/api/v1`. Without `search` a search is answered with status 501. */
export type ServerCluster = Pick<ClusterView, 'shards' | 'members' | 'backfills' | 'coverage' | 'groups' | 'parked'> &
  /** `latest`: the last answer of `shards()`, for `/metrics`. */
  Partial<Pick<ClusterView, 'latest' | 'search'>>

/** Decides whether a server is healthy instead of its source alone, such as when another part of the program reads. */
export interface ServerHealth {
  /** Why the server should be restarted; `undefined` when it is healthy. */
  illness(): string | undefined
  /** Why it should not get requests yet; `undefined` when it is ready. Replaces the judgement by the source. */
  unready(): string | undefined
}

/** A certificate chain and its private key, PEM. */
export interface ServerTls {
  /** The certificate, then its issuers. PEM. */
  readonly cert: string | Uint8Array
  /** The private key of the certificate. PEM. */
  readonly key: string | Uint8Array
}

/** Options of {@link createServer}; all but `source` optional. */
export interface ServerOptions {
  /** What to read; closed with the server. */
  readonly source: ServerSource
  /** Address to listen on. Default `127.0.0.1`: only this machine can connect. */
  readonly host?: string
  /** Port, 0 to 65,535; 0 for any free one. Default 8080. */
  readonly port?: number
  /**
   * Modules that get each entry after it was sent; clients that ask for `findings=1` get their findings. A slow module with
   * `acknowledge: true` delays reading; with a stream of `acknowledge: 'manual'` so does every module that reports findings.
   */
  readonly modules?: readonly (Module | ConfiguredModule)[]
  /** Threads that run {@link modules}, 0 to 16; see `threads` of `RunModulesOptions`. Default 0: they run in this one. */
  readonly moduleThreads?: number
  /** What is kept so that clients can resume later, even after a restart. `false`: only the last pages, in memory. */
  readonly keep?: false | KeepOption
  /** Certificate chain and private key, PEM; `setTls()` of the server changes them. Default: no TLS. */
  readonly tls?: ServerTls
  /**
   * Tokens of clients, sent as `Authorization: Bearer` or `?token=`: secrets of 8 to 1024 printable characters, or `sha256:` and the hex of
   * their SHA-256. Default: none needed. `/healthz` and `/readyz` never need one.
   */
  readonly tokens?: readonly string[]
  /**
   * Tokens that are valid below `/api` only, and may pause and resume reading; in the same form as {@link tokens}, which are valid there too.
   * Without any tokens, `/api` answers only this machine.
   */
  readonly apiTokens?: readonly string[]
  /** Tokens that may only read below `/api`; in the same form. Once any are set, `/api` answers nobody without a token. */
  readonly readTokens?: readonly string[]
  /**
   * Origins of web pages that may connect, such as `https://example.com`; `'*'` for all. Programs other than browsers send no origin and may
   * always connect. Default: only pages of the server's own origin.
   */
  readonly allowedOrigins?: readonly string[]
  /** Addresses and networks of proxies whose `X-Forwarded-For` is trusted. Default: none. */
  readonly trustedProxies?: readonly string[]
  /** Most connected clients, 1 to 1,000,000. Default 10,000. Further ones are refused with 503. */
  readonly maxClients?: number
  /** Most clients of one address, or of one IPv6 network of 64 bits. Default 100. Further ones are refused with 429. */
  readonly maxClientsPerAddress?: number
  /**
   * Most bytes queued for one client, 65,536 to 1,073,741,824; a page of messages may come on top. A client with more queued gets what it
   * misses from the file later. Default 4 MiB.
   */
  readonly maxQueueBytes?: number
  /** How often clients are pinged, milliseconds, 1000 to 3,600,000; twice in {@link clientTimeoutMs} at least. Default 30,000. */
  readonly pingEveryMs?: number
  /** How long a client may neither answer nor read before it is disconnected, milliseconds, 2000 to 86,400,000. Default 180,000. */
  readonly clientTimeoutMs?: number
  /**
   * How long a connection may take for its TLS handshake, and for the headers of its first request, and how long a client may take nothing
   * of an answer; milliseconds, 100 to 600,000. Default 10,000.
   */
  readonly handshakeTimeoutMs?: number
  /** Where `/api/v1` reads gaps and evidence. Default: only those of this run, 1000 of each, without documents. */
  readonly store?: ServerStore
  /** Decides on `/healthz` and `/readyz`. Default: the state of the source. */
  readonly health?: ServerHealth
  /** State of the queue that a processor reads, for `/metrics`. Default: none. */
  readonly queue?: () => QueueStatus
  /** Shards, members and certificates by name, for `/api/v1`. Default: none. */
  readonly cluster?: ServerCluster
  /** Reports failures. Default: silent. */
  readonly logger?: Logger
  /** Default: the machine's clock. */
  readonly clock?: Clock
}

/** How long and how much to keep; whichever bound is reached first applies. */
export interface KeepOption {
  /** Path of a SQLite file, for one server only. Default `ct-stream-kept.db`. */
  readonly file?: string
  /** How long to keep entries. Milliseconds, 1000 to 31,536,000,000. Default 3,600,000: an hour. */
  readonly forMs?: number
  /** How many compressed bytes to keep, 1,048,576 to 2^50. Default 1 GiB. */
  readonly maxBytes?: number
}

/** The options, checked and with all defaults. */
export type ServerSettings = Required<
  Omit<ServerOptions, 'tls' | 'keep' | 'store' | 'health' | 'cluster' | 'queue'>
> & {
  readonly tls: ServerTls | undefined
  readonly keep: false | Required<KeepOption>
  readonly store: ServerStore | undefined
  readonly health: ServerHealth | undefined
  readonly cluster: ServerCluster | undefined
  readonly queue: (() => QueueStatus) | undefined
}

const KEYS = [
  ...(['source', 'host', 'port', 'keep', 'tls', 'tokens', 'allowedOrigins', 'trustedProxies', 'maxClients'] as const),
  ...(['maxClientsPerAddress', 'maxQueueBytes', 'pingEveryMs', 'clientTimeoutMs', 'logger', 'clock'] as const),
  ...(['handshakeTimeoutMs', 'apiTokens', 'store', 'modules', 'health', 'cluster', 'queue', 'readTokens'] as const),
  'moduleThreads' as const,
]
const DAY = 86_400_000
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the option. */
export function serverSettings(options: ServerOptions): ServerSettings {
  const given = objectOption<ServerOptions>('options', options, KEYS)
  const { source, host = '127.0.0.1', tls } = given
  if (typeof source !== 'object' || source === null || !(Symbol.asyncIterator in source))
    throw optionError('source', 'a CtStream or an async iterable of certificates', source)
  if (typeof host !== 'string' || host === '') throw optionError('host', 'an address or a host name', host)
  const clientTimeoutMs = integerOption('clientTimeoutMs', given.clientTimeoutMs, 2000, DAY, 180_000)
  return {
    source,
    host,
    port: integerOption('port', given.port, 0, 65_535, 8080),
    keep: keepOption(given.keep ?? {}),
    tls: tls && tlsOption(tls),
    tokens: textsOption('tokens', given.tokens),
    apiTokens: textsOption('apiTokens', given.apiTokens),
    readTokens: textsOption('readTokens', given.readTokens),
    store: storeOption(given.store),
    health: healthOption(given.health),
    cluster: given.cluster,
    queue: given.queue,
    modules: modulesOption(given.modules),
    moduleThreads: threadsOption('moduleThreads', given.moduleThreads),
    allowedOrigins: textsOption('allowedOrigins', given.allowedOrigins).map(originOf),
    trustedProxies: textsOption('trustedProxies', given.trustedProxies),
    maxClients: integerOption('maxClients', given.maxClients, 1, 1_000_000, 10_000),
    maxClientsPerAddress: integerOption('maxClientsPerAddress', given.maxClientsPerAddress, 1, 1_000_000, 100),
    maxQueueBytes: integerOption('maxQueueBytes', given.maxQueueBytes, 65_536, 2 ** 30, 4 * 1024 * 1024),
    // A client that only answers would be cut off before it is asked.
    pingEveryMs: Math.min(
      integerOption('pingEveryMs', given.pingEveryMs, 1000, 3_600_000, 30_000),
      clientTimeoutMs / 2,
    ),
    clientTimeoutMs,
    handshakeTimeoutMs: integerOption('handshakeTimeoutMs', given.handshakeTimeoutMs, 100, 600_000, 10_000),
    logger: given.logger ?? silent,
    clock: given.clock ?? systemClock,
  }
}

/** Checks only the shape: whether they fit together is seen when they are used. */
export function tlsOption(tls: ServerTls): ServerTls {
  return { ...objectOption<ServerTls>('tls', tls, ['cert', 'key']) } as ServerTls
}

function keepOption(keep: false | KeepOption): ServerSettings['keep'] {
  if (keep === false) return false
  const {
    file = 'ct-stream-kept.db',
    forMs,
    maxBytes,
  } = objectOption<KeepOption>('keep', keep, ['file', 'forMs', 'maxBytes'])
  if (typeof file !== 'string' || file === '') throw optionError('keep.file', 'the path of a file', file)
  return {
    file,
    forMs: integerOption('keep.forMs', forMs, 1000, 365 * DAY, 3_600_000),
    maxBytes: integerOption('keep.maxBytes', maxBytes, 1_048_576, 2 ** 50, 2 ** 30),
  }
}

/** Checks only the array: `runModules` checks each module. */
function modulesOption(modules: ServerOptions['modules'] = []): ServerSettings['modules'] {
  if (!Array.isArray(modules)) throw optionError('modules', 'an array of modules', modules)
  return [...modules]
}

function healthOption(health: ServerHealth | undefined): ServerHealth | undefined {
  if (health !== undefined && (typeof health.illness !== 'function' || typeof health.unready !== 'function'))
    throw optionError('health', 'an object with illness() and unready()', health)
  return health
}

function storeOption(store: ServerStore | undefined): ServerStore | undefined {
  if (store !== undefined && (typeof store.gaps !== 'function' || typeof store.evidence !== 'function'))
    throw optionError('store', 'an object with gaps() and evidence()', store)
  return store
}

function originOf(text: string, i: number): string {
  const origin = text === '*' ? text : URL.canParse(text) ? new URL(text).origin : 'null'
  if (origin === 'null')
    throw optionError(`allowedOrigins[${i}]`, "an origin such as https://example.com, or '*'", text)
  return origin
}

function textsOption(name: string, value: readonly string[] = []): readonly string[] {
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string'))
    throw optionError(name, 'an array of strings', value)
  return [...value]
}
