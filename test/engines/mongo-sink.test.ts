import { describe, expect, inject, it } from 'vitest'
import { pump } from '../../src/sinks/index.js'
import { type MongoSinkOptions, mongoSink } from '../../src/sinks/mongodb.js'
import { sampleGap } from '../../src/testing/store-samples.js'
import { epochContract } from '../support/epoch-contract.js'
import { backfill, certificates, logOf } from '../support/logs.js'
import { sinkContract } from '../support/sink-contract.js'
import { upTo } from '../support/whole-messages.js'
import { mongoPlace, noMongo } from './mongo-place.js'

describe.skipIf(noMongo)('MongoDB', () => {
  sinkContract('MongoDB, alone', async () => {
    const place = await mongoPlace()
    return {
      sink: () => mongoSink(place.url),
      content: () => place.content(),
      keep: () => place.keep(),
      remove: () => place.remove(),
    }
  })

  sinkContract('MongoDB, with leases', async () => {
    const place = await mongoPlace()
    let epoch = 0
    return {
      sink: () => mongoSink(place.url),
      content: () => place.content(),
      lease: async () => ({ unit: 'one', epoch: ++epoch, until: Number.POSITIVE_INFINITY }),
      keep: () => place.keep(),
      remove: () => place.remove(),
    }
  })

  epochContract(async () => {
    const place = await mongoPlace()
    return { sink: () => mongoSink(place.url), content: () => place.content(), remove: () => place.remove() }
  })

  const fill = (url: string, log: Awaited<ReturnType<typeof logOf>>, options: MongoSinkOptions = {}) =>
    pump({
      sink: mongoSink(url, options),
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
    })

  it('finds a certificate by the end of its name, with the bytes that the log has', async () => {
    const place = await mongoPlace()
    const log = await logOf(40)
    await fill(place.url, log, { der: true })
    const all = await place.documents()
    for await (const page of backfill(log).batches())
      for (const certificate of page) {
        const { sha256, der, dnsNames, notAfter, index } = certificate
        const found = all.find(({ _id }) => _id === `${log.logId}:${index}`) as never as Record<string, never>
        expect(found).toMatchObject({
          '@timestamp': certificate.timestamp,
          event: { kind: 'event', dataset: 'ct.entries' },
          x509: { not_after: notAfter, alternative_names: expect.arrayContaining([...dnsNames]) },
          tls: { server: { hash: { sha256: sha256?.toUpperCase() } } },
          ct: { index, der: Buffer.from(der ?? []).toString('base64') },
        })
        const reversed = dnsNames[0]?.split('.').reverse().join('.') ?? ''
        const hits = await place.collection('entries').find({ 'ct.names_reversed': reversed }).toArray()
        expect(hits.map(({ _id }) => _id)).toContain(`${log.logId}:${index}`)
      }
    await place.remove()
  })

  it('writes what is there already without effect', async () => {
    const place = await mongoPlace()
    const log = await logOf(300)
    await fill(place.url, log)
    const before = await place.documents()
    // As after a crash before the first position.
    await place.collection('state').deleteMany({})
    await fill(place.url, log)
    expect(await place.documents()).toEqual(before)
    expect(await place.documents('parked')).toEqual([])
    await place.remove()
  })

  it('parks what the server refuses, and goes on', async () => {
    const place = await mongoPlace()
    // The same in each document: the server takes the first alone.
    await place.collection('entries').createIndex({ 'event.kind': 1 }, { unique: true })
    const log = await logOf(30)
    await fill(place.url, log)
    expect(await place.documents()).toHaveLength(1)
    const parked = await place.documents('parked')
    expect(parked.map(({ ct }) => (ct as { index: number }).index).sort((a, b) => a - b)).toEqual(upTo(30).slice(1))
    expect(parked[0]).toMatchObject({
      ct: { log: { id: log.logId, url: expect.stringContaining('http') }, leaf_hash: expect.any(String) },
      error: { message: expect.stringContaining('11000') },
    })
    await place.remove()
  })

  it('parks a document of more than 16 MB, and has the entries beside it', async () => {
    const place = await mongoPlace()
    const log = await logOf(2)
    log.add([{ leafInput: new Uint8Array(13 * 2 ** 20).fill(0xff), extraData: new Uint8Array(0) }, ...certificates(2)])
    log.publish()
    await fill(place.url, log)
    expect((await place.content()).get(log.logId)).toEqual([0, 1, 3, 4])
    const parked = await place.documents('parked')
    expect(parked).toEqual([
      expect.objectContaining({
        _id: `${log.logId}:2`,
        error: { message: expect.stringMatching(/^a document of 1\d{7} bytes: MongoDB takes 16777216/) },
      }),
    ])
    await place.remove()
  })

  it('ends when another process took over, and says so', async () => {
    const place = await mongoPlace()
    const first = mongoSink(place.url)
    await first.open(undefined)
    const second = mongoSink(place.url)
    await second.open(undefined)
    await expect(first.store?.addGap(sampleGap(1, 3, 7))).rejects.toMatchObject({ code: 'CT_CHECKPOINT_CONFLICT' })
    await first.close()
    await second.close()
    await place.remove()
  })

  it('takes over a record that an earlier owner made after it lost its lease', async () => {
    const place = await mongoPlace()
    const zombie = mongoSink(place.url)
    await zombie.open({ unit: 'one', epoch: 1, until: 0 })
    const next = mongoSink(place.url)
    await next.open({ unit: 'one', epoch: 2, until: 0 })
    await expect(zombie.store?.addGap(sampleGap(1, 3, 7))).rejects.toMatchObject({ code: 'CT_LEASE_LOST' })
    // The record is there all the same.
    expect(await place.collection('state').countDocuments({ epoch: 1 })).toBe(1)
    await next.store?.addGap(sampleGap(1, 3, 7))
    await expect(zombie.store?.addGap(sampleGap(1, 3, 7))).rejects.toMatchObject({ code: 'CT_LEASE_LOST' })
    await zombie.close()
    await next.close()
    await place.remove()
  })

  it('takes over such a record, too, when it is opened again under the same lease', async () => {
    const place = await mongoPlace()
    const zombie = mongoSink(place.url)
    await zombie.open({ unit: 'one', epoch: 1, until: 0 })
    const next = mongoSink(place.url)
    const lease = { unit: 'one', epoch: 2, until: 0 }
    await next.open(lease)
    await expect(zombie.store?.addGap(sampleGap(1, 3, 7))).rejects.toMatchObject({ code: 'CT_LEASE_LOST' })
    await next.open(lease)
    await next.store?.addGap(sampleGap(1, 3, 7))
    await zombie.close()
    await next.close()
    await place.remove()
  })

  it('refuses a foreign collection, and one that deletes documents by itself', async () => {
    const place = await mongoPlace()
    await place.collection('state').insertOne({ _id: 'alone cart', value: 'apples' })
    await expect(mongoSink(place.url).open(undefined)).rejects.toMatchObject({
      code: 'CT_CHECKPOINT_UNUSABLE',
      message: expect.stringContaining('another prefix'),
    })
    await place.collection('state').drop()
    await place.database.createCollection(`${place.prefix}_entries`, { capped: true, size: 1e6 })
    await expect(mongoSink(place.url).open(undefined)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringContaining('is capped, and drops entries when it is full'),
    })
    await place.remove()
  })

  it('reports a missing server, a wrong user or a wrong option, without the password', async () => {
    const server = inject('ferretdb')?.replace('mongodb://', '')
    for (const [url, code, retryable] of [
      ['mongodb://user:secret@127.0.0.1:1/?serverSelectionTimeoutMS=50', 'CT_SINK_FAILED', true],
      [`mongodb://user:secret@${server}/ct?authMechanism=GSSAPI`, 'CT_OPTION_INVALID', false],
      [`mongodb://user:secret@${server}/ct?maxPolSize=3`, 'CT_OPTION_INVALID', false],
    ] as const)
      await expect(mongoSink(url).open(undefined), url).rejects.toMatchObject({
        code,
        retryable,
        message: expect.not.stringContaining('secret'),
      })
  })
})
