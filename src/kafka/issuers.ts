import { KeptIssuers } from '../checkpoint/kept-issuers.js'
import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { toHex } from '../util/bytes.js'
import { sha256Hex } from '../util/hash.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient, type KafkaConsumer } from './client.js'
import { CommittedTail } from './committed-records.js'
import { RenewedClient } from './renewed-client.js'
import { issuersTopic } from './topics.js'

/** The issuers that entries name, from their topic: read when one is asked for first, and on from there. */
export class KafkaIssuers {
  private readonly consumer: RenewedClient<KafkaConsumer>
  private readonly tail: CommittedTail
  private readonly kept = new KeptIssuers()
  private turn: Promise<unknown> = Promise.resolve()

  constructor(kafka: KafkaClient, address: KafkaAddress, clock: Clock) {
    const options = { ...clientOptions(address), groupId: `${address.prefix}.reading` }
    this.consumer = new RenewedClient(address, clock, () => new kafka.Consumer(options))
    this.tail = new CommittedTail(issuersTopic(address).name)
  }

  /**
   * @param fingerprint - SHA-256 of the certificate, 32 bytes.
   * @returns The certificate (DER).
   * @throws {@link CtStreamError} `CT_SINK_FAILED` where the topic does not have it; retryable where no broker answers.
   */
  async get(fingerprint: Uint8Array): Promise<Uint8Array> {
    const name = toHex(fingerprint)
    const found = this.kept.get(name) ?? (await this.inTurn(() => this.lookFor(name)))
    if (found !== undefined) return found
    throw new CtStreamError('CT_SINK_FAILED', `Kafka does not have the issuer ${name}`)
  }

  async close(): Promise<void> {
    await this.consumer.close()
  }

  private async lookFor(name: string): Promise<Uint8Array | undefined> {
    // Another call may have read it meanwhile.
    const known = this.kept.get(name)
    if (known !== undefined) return known
    await this.consumer.use('read issuers', async (consumer) => {
      // Anybody who may write to the topic could name another certificate.
      for await (const { key, value } of this.tail.read(consumer))
        if (value !== null && sha256Hex(value) === String(key)) this.kept.put(String(key), value)
    })
    return this.kept.get(name)
  }

  /** One at a time, as each goes on where the one before has ended. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work)
    this.turn = done.catch(() => {})
    return done
  }
}
