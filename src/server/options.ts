import type { ClusterView } from '../cluster/view.js'
import type { ConfiguredModule, Module } from '../modules/definition.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Evidence, Gap } from '../types/checkpoint.js'
import type { Clock, Logger } from '../types/clock.js'
import type { QueueStatus } from '../types/queue.js'
import type { CtStreamEvents, FollowedLog, StreamStatus } from '../types/stream.js'
import { systemClock } from '../util/clock.js'
import { integerOption, objectOption, optionError } from '../util/options.js'

/**
 * Where a server reads: a `CtStream`, or what looks like one. Read by `batches()` where there is such a method; asking for more acknowledges, and
 * of a stream with `acknowledge: 'manual'` each certificate is acknowledged, when all that was read is kept.
 */
export interface ServerSource extends AsyncIterable<CtCertificate> {
  /** Certificates page by page, each of one log: the fast way. */
  batches?(): AsyncIterable<readonly CtCertificate[]>
  /** Everything of its log up to and including this certificate is kept. */
  acknowledge?(certificate: CtCertificate): void
  /** Whether {@link ServerSource.acknowledge} is to be called. Default `automatic`: it is not. */
  readonly acknowledgement?: 'manual' | 'automatic'
  /** Whether the server is ready: when a log is followed. What it says is at `/metrics`, too. */
  status?(): StreamStatus
  /** Events of a `CtStream`, which `/metrics` counts. */
  on?<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): unknown
  /** The logs with their keys, which evidence is checked with. */
  logs?(): readonly FollowedLog[]
  /** Stops reading; called when the server closes. */
  close?(): Promise<void>
}

/** Where a server looks for gaps and evidence: the checkpoint store of its stream, or what looks into it from outside. */
export interface ServerStore {
  /** What is missing, in the order in which it was recorded. */
  gaps(): readonly Gap[] | Promise<readonly Gap[]>
  /** In the order in which it was recorded. */
  evidence(): readonly Evidence[] | Promise<readonly Evidence[]>
}

/** The database of the processes that this server is one of, as `/api/v1` shows it. */
export type ServerCluster = Pick<ClusterView, 'shards' | 'members' | 'backfills' | 'coverage' | 'parked' | 'search'> &
  /** What `shards()` said last, for `/metrics`. */
  Partial<Pick<ClusterView, 'latest'>>

/** What beside its source says whether a server is well: where it is part of something that is read elsewhere. */
export interface ServerHealth {
  /** What is wrong, so that it should be started anew; `undefined`: nothing. */
  illness(): string | undefined
  /** Why it should not be asked yet; `undefined`: it may. Takes the place of what the source has to say of that. */
  unready(): string | undefined
}

/** Options of {@link createServer}; all but `source` optional. */
export interface ServerOptions {
  /** Closed with the server. */
  readonly source: ServerSource
  /** Address to listen on. Default `127.0.0.1`: nobody else can connect. */
  readonly host?: string
  /** 0 to 65,535; 0: one that is free. Default 8080. */
  readonly port?: number
  /**
   * What goes through these modules, after it was sent; what they find is for clients that ask for `findings=1`. A module with
   * `acknowledge: true` that is slow holds up reading; of a stream with `acknowledge: 'manual'` all those that report findings do.
   */
  readonly modules?: readonly (Module | ConfiguredModule)[]
  /** What clients can go on from after a while, or a restart. `false`: the last pages in memory alone. */
  readonly keep?: false | KeepOption
  /** Certificate chain and private key, PEM. Default: no TLS. */
  readonly tls?: { readonly cert: string | Uint8Array; readonly key: string | Uint8Array }
  /**
   * Who may ask, by `Authorization: Bearer` or `?token=`: secrets of 8 to 1024 printable characters, or `sha256:` and the hex of their SHA-256.
   * Default: everybody. `/healthz` and `/readyz` need none.
   */
  readonly tokens?: readonly string[]
  /**
   * Who may ask below `/api` beside those with one of {@link tokens}, and may pause and resume reading: for nothing else. Written as these.
   * Where there are tokens of neither kind, `/api` answers this machine alone.
   */
  readonly apiTokens?: readonly string[]
  /** Who may look at what is below `/api`, and change nothing. Written as these; counts as tokens for {@link apiTokens}. */
  readonly readTokens?: readonly string[]
  /**
   * Web pages that may connect, by their origin (`https://example.com`); `'*'`: all. What is no browser sends no origin and may. Default: pages
   * of the server's own origin.
   */
  readonly allowedOrigins?: readonly string[]
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. Default: none. */
  readonly trustedProxies?: readonly string[]
  /** Connected clients, 1 to 1,000,000. Default 10,000. More are answered 503. */
  readonly maxClients?: number
  /** … of one address, or one IPv6 network of 64 bits. Default 100. More are answered 429. */
  readonly maxClientsPerAddress?: number
  /**
   * What may wait to be sent to one client, bytes, 65,536 to 1,073,741,824; a page of messages may come on top. One that lets more wait is
   * sent what it missed from the file. Default 4 MiB.
   */
  readonly maxQueueBytes?: number
  /** How often clients are asked whether they are there, milliseconds, 1000 to 3,600,000. Default 30,000. */
  readonly pingEveryMs?: number
  /** A client that neither answers nor takes anything for so long is disconnected, milliseconds, 2000 to 86,400,000. Default 180,000. */
  readonly clientTimeoutMs?: number
  /**
   * How long a connection may take for its TLS handshake, and for the head of its first request, before it is cut; milliseconds, 100 to
   * 600,000. Default 10,000.
   */
  readonly handshakeTimeoutMs?: number
  /** Where `/api/v1` looks for gaps and evidence. Default: those of this run alone, 1000 of each, without documents. */
  readonly store?: ServerStore
  /** Default: what the source says. */
  readonly health?: ServerHealth
  /** What `/metrics` says of the queue that a processor reads. Default: nothing. */
  readonly queue?: () => QueueStatus
  /** What `/api/v1` says of shards, members and certificates by name. Default: there is none. */
  readonly cluster?: ServerCluster
  /** Default: silent. */
  readonly logger?: Logger
  /** Default: the machine's clock. */
  readonly clock?: Clock
}

/** How long and how much is kept; the earlier bound counts. */
export interface KeepOption {
  /** A SQLite file of one server. Default `ct-stream-kept.db`. */
  readonly file?: string
  /** Milliseconds, 1000 to 31,536,000,000. Default 3,600,000: an hour. */
  readonly forMs?: number
  /** Bytes, compressed, 1,048,576 to 2^50. Default 1 GiB. */
  readonly maxBytes?: number
}

/** Checked, with all defaults. */
export type ServerSettings = Required<
  Omit<ServerOptions, 'tls' | 'keep' | 'store' | 'health' | 'cluster' | 'queue'>
> & {
  readonly tls: ServerOptions['tls']
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
  if (tls !== undefined) objectOption('tls', tls, ['cert', 'key'])
  return {
    source,
    host,
    port: integerOption('port', given.port, 0, 65_535, 8080),
    keep: keepOption(given.keep ?? {}),
    tls: tls && { ...tls },
    tokens: textsOption('tokens', given.tokens),
    apiTokens: textsOption('apiTokens', given.apiTokens),
    readTokens: textsOption('readTokens', given.readTokens),
    store: storeOption(given.store),
    health: healthOption(given.health),
    cluster: given.cluster,
    queue: given.queue,
    modules: modulesOption(given.modules),
    allowedOrigins: textsOption('allowedOrigins', given.allowedOrigins).map(originOf),
    trustedProxies: textsOption('trustedProxies', given.trustedProxies),
    maxClients: integerOption('maxClients', given.maxClients, 1, 1_000_000, 10_000),
    maxClientsPerAddress: integerOption('maxClientsPerAddress', given.maxClientsPerAddress, 1, 1_000_000, 100),
    maxQueueBytes: integerOption('maxQueueBytes', given.maxQueueBytes, 65_536, 2 ** 30, 4 * 1024 * 1024),
    pingEveryMs: integerOption('pingEveryMs', given.pingEveryMs, 1000, 3_600_000, 30_000),
    clientTimeoutMs: integerOption('clientTimeoutMs', given.clientTimeoutMs, 2000, DAY, 180_000),
    handshakeTimeoutMs: integerOption('handshakeTimeoutMs', given.handshakeTimeoutMs, 100, 600_000, 10_000),
    logger: given.logger ?? silent,
    clock: given.clock ?? systemClock,
  }
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

/** Each of them is checked when they are run. */
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
