import type { Clock } from '../types/clock.js'
import { elapsedOf } from '../util/clock.js'
import type { Client } from './client.js'
import { clientKey } from './client-address.js'
import { Issuances } from './issuances.js'
import type { ServerSettings } from './options.js'
import type { ServedPage } from './served-page.js'
import { Tally } from './tally.js'

/** One client with its connection. */
export interface Connection {
  readonly client: Client
  readonly path: string
  /** The client's address, as {@link ClientAddresses} finds it. */
  readonly address: string
  readonly heartbeatMs: number | undefined
  /** Sends a ping. */
  readonly ping: () => void
  /** Bytes that the operating system has accepted so far; the number grows while the client reads. */
  readonly taken: () => number
  /** Whether it answers pings. */
  readonly answers: boolean
  /** Disconnects at once, without a closing message. */
  readonly cut: () => void
  /** Sends a closing message: the server shuts down. */
  readonly goAway: () => void
}

interface Entry {
  /** Counts connections, from 1. */
  readonly number: number
  readonly connection: Connection
  readonly connectedAt: number
  /** Last sign of life, by the clock's elapsed time. */
  heardAt: number
  taken: number
  nextHeartbeat: number
  /** Messages it sent since the last ping. */
  words: number
}

/** HTTP status for a client that may not connect now. */
export type Refusal = 429 | 503

/** Most messages between two pings: clients only send pings and answers, so more is abuse. */
const MAX_WORDS = 1000
const TICK_MS = 1000

/** All connected clients. */
export class Connections {
  readonly tally = new Tally()
  readonly issuances = new Issuances()
  private readonly entries = new Map<Connection, Entry>()
  private readonly perAddress = new Map<string, number>()
  private readonly settings: ServerSettings
  private readonly clock: Clock
  private readonly elapsed: () => number
  private nextPing: number
  private added = 0

  constructor(settings: ServerSettings) {
    this.settings = settings
    this.clock = settings.clock
    this.elapsed = elapsedOf(settings.clock)
    this.nextPing = this.elapsed() + settings.pingEveryMs
  }

  get size(): number {
    return this.entries.size
  }

  refusal(address: string): Refusal | undefined {
    if (this.entries.size >= this.settings.maxClients) return 503
    const ofAddress = this.perAddress.get(clientKey(address)) ?? 0
    return ofAddress >= this.settings.maxClientsPerAddress ? 429 : undefined
  }

  add(connection: Connection): void {
    const now = this.elapsed()
    const { heartbeatMs = Number.POSITIVE_INFINITY } = connection
    this.entries.set(connection, {
      number: ++this.added,
      connection,
      connectedAt: this.clock.now(),
      heardAt: now,
      taken: 0,
      nextHeartbeat: now + heartbeatMs,
      words: 0,
    })
    this.count(connection, 1)
  }

  remove(connection: Connection): void {
    if (this.entries.delete(connection)) this.count(connection, -1)
  }

  /** Notes that a client has sent something. */
  heard(connection: Connection): void {
    const entry = this.entries.get(connection)
    if (entry === undefined) return
    entry.heardAt = this.elapsed()
    entry.words++
    if (entry.words > MAX_WORDS) connection.cut()
  }

  publish(page: ServedPage): void {
    for (const { client } of this.entries.keys()) client.take(page)
  }

  /**
   * Sends pings and heartbeats, and cuts clients that no longer answer, until the signal aborts.
   *
   * @param onTick - Called at each turn with the milliseconds until the next one.
   */
  watch(signal: AbortSignal, onTick: (nextMs: number) => void): void {
    if (signal.aborted) return
    onTick(TICK_MS)
    this.clock.sleep(TICK_MS, signal).then(
      () => {
        this.tick()
        this.watch(signal, onTick)
      },
      () => {},
    )
  }

  /** Sends every client a closing message. */
  goAway(): void {
    for (const connection of [...this.entries.keys()]) connection.goAway()
  }

  cut(): void {
    for (const connection of [...this.entries.keys()]) connection.cut()
  }

  /** The clients, without anything that identifies them. */
  describe(): { readonly connectedAt: number; readonly path: string; readonly isLive: boolean }[] {
    return Array.from(this.entries.values(), ({ connection: { path, client }, connectedAt }) => {
      return { connectedAt, path, isLive: client.isLive }
    })
  }

  /** The clients in the order of connecting, without anything that identifies them. */
  *all(): Generator<Pick<Entry, 'number' | 'connectedAt'> & Pick<Connection, 'path' | 'client'>> {
    for (const { number, connectedAt, connection } of this.entries.values())
      yield { number, connectedAt, path: connection.path, client: connection.client }
  }

  /** Every client with the bytes queued for it. */
  *queues(): Generator<{ readonly path: string; readonly isLive: boolean; readonly queuedBytes: number }> {
    for (const { path, client } of this.entries.keys())
      yield { path, isLive: client.isLive, queuedBytes: client.queuedBytes }
  }

  private tick(): void {
    const now = this.elapsed()
    const isPing = now >= this.nextPing
    if (isPing) this.nextPing = now + this.settings.pingEveryMs
    for (const entry of [...this.entries.values()]) this.lookAt(entry, now, isPing)
  }

  private lookAt(entry: Entry, now: number, isPing: boolean): void {
    const { connection } = entry
    const { client, heartbeatMs, answers } = connection
    const taken = connection.taken()
    // A slow client gets the ping only after what is queued, so progress in reading counts as an answer.
    if (taken !== entry.taken && (!answers || client.isSlow)) entry.heardAt = now
    entry.taken = taken
    if (now - entry.heardAt > this.settings.clientTimeoutMs) {
      connection.cut()
      return
    }
    if (isPing) entry.words = 0
    if (client.isSlow) return
    if (isPing) connection.ping()
    if (heartbeatMs === undefined || now < entry.nextHeartbeat) return
    entry.nextHeartbeat = now + heartbeatMs
    client.tellHeartbeat(this.clock.now())
  }

  private count({ address }: Connection, change: number): void {
    const key = clientKey(address)
    const count = (this.perAddress.get(key) ?? 0) + change
    if (count === 0) this.perAddress.delete(key)
    else this.perAddress.set(key, count)
  }
}
