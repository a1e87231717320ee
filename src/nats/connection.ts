import { randomUUID } from 'node:crypto'
import type { JetStreamClient, JetStreamManager, JetStreamPublishOptions, PubAck } from '@nats-io/jetstream'
import type { NatsConnection as Client } from '@nats-io/transport-node'
import { importPeer } from '../util/import-peer.js'
import type { NatsAddress } from './address.js'
import { natsError } from './errors.js'
import { headersOf, type Received, receivedFrom } from './received.js'

const CONNECT_TIMEOUT_MS = 5_000
const ACK_TIMEOUT_MS = 30_000

export interface NatsMessage {
  readonly subject: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** One connection, which does not reconnect: after it is lost, open another. */
export class NatsConnection {
  readonly manager: JetStreamManager
  private readonly client: Client
  private readonly jetstream: JetStreamClient
  private readonly makeHeaders: () => { append(name: string, value: string): void }
  private isGone = false

  private constructor(client: Client, manager: JetStreamManager, makeHeaders: NatsConnection['makeHeaders']) {
    this.client = client
    this.manager = manager
    this.jetstream = manager.jetstream()
    this.makeHeaders = makeHeaders
    const gone = () => {
      this.isGone = true
    }
    client.closed().then(gone, gone)
  }

  /** @throws {@link CtStreamError} `CT_SINK_FAILED`, `CT_PEER_MISSING` */
  static async open(address: NatsAddress): Promise<NatsConnection> {
    const install = '@nats-io/transport-node @nats-io/jetstream'
    const transport = await importPeer('NATS', () => import('@nats-io/transport-node'), install)
    const { jetstreamManager } = await importPeer('NATS', () => import('@nats-io/jetstream'), install)
    const { hosts, user, password, tls } = address.url
    let client: Client | undefined
    try {
      client = await transport.connect({
        servers: hosts.map(({ host, port }) => `${host}:${port}`),
        timeout: CONNECT_TIMEOUT_MS,
        reconnect: false,
        ...(user !== undefined && { user }),
        ...(password !== undefined && (user === undefined ? { token: password } : { pass: password })),
        ...(tls !== undefined && { tls }),
      })
      const manager = await jetstreamManager(client)
      return new NatsConnection(client, manager, () => transport.headers())
    } catch (error) {
      // A server that has JetStream, and gives no answer by it, is waiting for others of its cluster.
      const doing = client?.info?.jetstream === true ? 'reach JetStream' : 'connect'
      await client?.close().catch(() => {})
      throw natsError(error, doing, address)
    }
  }

  get isOpen(): boolean {
    return !this.isGone
  }

  /** The largest message the server takes, its headers included. Bytes. */
  get maxMessageBytes(): number {
    return this.client.info?.max_payload ?? 2 ** 20
  }

  /**
   * Publishes a message on the condition that a given message is the last of the stream. Resolves when the stream has it.
   *
   * @param id - Of this message; never used for another.
   * @param before - The expected last message: its id, or its number in the stream.
   */
  publish({ subject, headers, body }: NatsMessage, id: string, before: string | number): Promise<PubAck> {
    return this.send(
      { subject, headers, body },
      id,
      typeof before === 'number' ? { lastSequence: before } : { lastMsgID: before },
    )
  }

  /**
   * Publishes a message. Resolves when the stream has it.
   *
   * @param before - Number of the last message of this subject; 0: there is none. The stream refuses the message when it is another.
   * @returns Its number in the stream.
   */
  async put(message: NatsMessage, before?: number): Promise<number> {
    const expected = before === undefined ? undefined : { lastSubjectSequence: before }
    return (await this.send(message, undefined, expected)).seq
  }

  /**
   * Receives what is sent to an address that only this connection has.
   *
   * @param take - Must not throw.
   */
  receive(take: (received: Received) => void): { readonly address: string; end(): void } {
    const address = `_INBOX.${randomUUID()}`
    const callback = (_error: Error | null, message: Parameters<typeof receivedFrom>[0]) => take(receivedFrom(message))
    const subscription = this.client.subscribe(address, { callback })
    return { address, end: () => subscription.unsubscribe() }
  }

  /** Sends a request whose answers come to `address`. */
  ask(subject: string, request: object, address: string): void {
    this.client.publish(subject, JSON.stringify(request), { reply: address })
  }

  private send(
    { subject, headers, body }: NatsMessage,
    id: string | undefined,
    expect: JetStreamPublishOptions['expect'] | undefined,
  ): Promise<PubAck> {
    const named = this.makeHeaders()
    for (const name of Object.keys(headers)) named.append(name, headers[name] ?? '')
    return this.jetstream.publish(subject, body, {
      headers: named as never,
      ...(id !== undefined && { msgID: id }),
      ...(expect !== undefined && { expect }),
      timeout: ACK_TIMEOUT_MS,
      retries: 1,
    })
  }

  /** The last message of each subject that `below`, a pattern ending in `>`, matches. */
  async lastMessages(stream: string, below: string): Promise<readonly LastMessage[]> {
    const info = await this.manager.streams.info(stream, { subjects_filter: below })
    const subjects = Object.keys(info.state.subjects ?? {})
    const found: LastMessage[] = []
    // In small groups, as a shard has a few dozen subjects.
    for (let i = 0; i < subjects.length; i += 16) {
      const some = subjects.slice(i, i + 16).map((subject) => this.lastMessage(stream, subject))
      for (const one of await Promise.all(some)) if (one !== undefined) found.push(one)
    }
    return found
  }

  async lastMessage(stream: string, subject: string): Promise<LastMessage | undefined> {
    const one = await this.manager.streams.getMessage(stream, { last_by_subj: subject })
    if (one === null) return undefined
    const header = (name: string) => one.header?.get(name) ?? ''
    const { seq: sequence, time, data: body } = one
    return { subject, sequence, time: time.getTime(), body, header, headers: headersOf(one.header) }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.isGone = true
    await this.client.close().catch(() => {})
  }
}

export interface LastMessage {
  readonly subject: string
  readonly sequence: number
  /** Epoch milliseconds, by the server's clock. */
  readonly time: number
  readonly body: Uint8Array
  header(name: string): string
  /** All of them; of one with several values the first. */
  readonly headers: readonly (readonly [string, string])[]
}
