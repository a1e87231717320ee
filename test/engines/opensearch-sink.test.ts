import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { pump } from '../../src/sinks/index.js'
import { type OpenSearchSinkOptions, openSearchSink } from '../../src/sinks/opensearch.js'
import { backfill, certificates, logOf } from '../support/logs.js'
import { sinkContract } from '../support/sink-contract.js'
import { upTo } from '../support/whole-messages.js'
import { noOpenSearch, openSearchPlace } from './opensearch-place.js'
import { startedServer } from './own-server.js'
import { waitingClock } from './waiting-clock.js'

interface Template {
  readonly settings: { readonly index: object }
  readonly mappings: { readonly properties: { readonly ct: { readonly properties: { readonly names: object } } } }
}
type Log = Awaited<ReturnType<typeof logOf>>

describe.skipIf(noOpenSearch)('OpenSearch', () => {
  sinkContract('OpenSearch', async () => {
    const place = await openSearchPlace()
    return {
      sink: () => openSearchSink(place.url),
      content: () => place.content(),
      remove: () => place.remove(),
    }
  })

  const begin = async (url?: string) => {
    const place = await openSearchPlace(url)
    if (url === undefined) onTestFinished(() => place.remove())
    return place
  }
  const fill = (url: string, log: Log, options: OpenSearchSinkOptions = {}) =>
    pump({ sink: openSearchSink(url, options), stream: () => backfill(log) })

  it('has each entry once, however often it is written', async () => {
    const place = await begin()
    const log = await logOf(300)
    await fill(place.url, log)
    await fill(place.url, log)
    expect((await place.content()).get(log.logId)).toEqual(upTo(300))
  })

  it('finds certificates by the end of their names, and by their dates, in the month of their log', async () => {
    const place = await begin()
    const log = await logOf(40)
    await fill(place.url, log, { der: true })
    for await (const page of backfill(log).batches())
      for (const { index, dnsNames, sha256, der, timestamp, notAfter } of page) {
        const [name = ''] = dnsNames
        const parent = name.split('.').slice(-2).reverse().join('.')
        const hits = await place.hits('entries-*', { prefix: { 'ct.names_reversed': parent } })
        const hit = hits.find(({ _source }) => _source.ct.index === index)
        expect(hit?._source).toMatchObject({
          '@timestamp': timestamp?.toISOString(),
          event: { kind: 'event', dataset: 'ct.entries' },
          x509: { not_after: notAfter?.toISOString(), alternative_names: expect.arrayContaining([...dnsNames]) },
          tls: { server: { hash: { sha256: sha256?.toUpperCase() } } },
          ct: { der: Buffer.from(der ?? []).toString('base64') },
        })
        const month = timestamp?.toISOString().slice(0, 7).replace('-', '.')
        expect(hit?._index).toContain(`${place.prefix}-entries-${month}`)
        const range = { range: { 'x509.not_after': { gte: notAfter?.toISOString(), lte: notAfter?.toISOString() } } }
        expect((await place.hits('entries-*', range)).map(({ _source }) => _source.ct.index)).toContain(index)
      }
  })

  /** Makes what a sink makes when it is opened. */
  const opened = async (url: string) => {
    const sink = openSearchSink(url)
    await sink.open(undefined)
    await sink.close()
  }

  /** Our template as it would be with other settings. */
  const changeTemplate = async (place: Awaited<ReturnType<typeof begin>>, change: (template: Template) => void) => {
    const path = `_index_template/${place.prefix}-entries`
    const found = (await place.ask('GET', path)) as unknown as {
      index_templates: { index_template: { template: Template } }[]
    }
    const ours = found.index_templates[0]?.index_template
    if (ours === undefined) throw new Error('no template')
    change(ours.template)
    await place.ask('PUT', path, ours)
  }

  it('answers the saved searches and the aggregations of the dashboard', async () => {
    const place = await begin()
    const log = await logOf(30)
    log.add([{ leafInput: Uint8Array.of(0, 0, 1), extraData: new Uint8Array(0) }])
    log.publish()
    await fill(place.url, log, { problems: true })
    const [hit] = await place.hits()
    const { names_reversed } = (hit?._source.ct ?? {}) as { names_reversed?: readonly string[] }
    const [reversed = ''] = names_reversed ?? []
    const domain = reversed.split('.').slice(0, 2).join('.')
    const file = join(import.meta.dirname, '..', '..', 'examples', 'opensearch', 'saved-objects.ndjson')
    const objects = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; type: string; attributes: Record<string, never> })
    const counts = new Map<string, number>()
    for (const { id, type, attributes } of objects) {
      if (type === 'search') {
        const { searchSourceJSON } = attributes.kibanaSavedObjectMeta as unknown as { searchSourceJSON: string }
        const { query } = JSON.parse(searchSourceJSON).query
        const shown = query.replaceAll('com.example', domain)
        counts.set(id, (await place.hits('entries-*', { query_string: { query: shown } })).length)
      }
      if (type !== 'visualization') continue
      const { type: kind, params } = JSON.parse(attributes.visState as unknown as string).aggs[1]
      if (kind !== 'terms') continue
      const by = { terms: { field: params.field, size: params.size } }
      const answer = await place.ask('POST', `${place.prefix}-entries-*/_search`, { size: 0, aggs: { by } })
      const { aggregations } = answer as unknown as { aggregations: { by: { buckets: unknown[] } } }
      const { buckets } = aggregations.by
      counts.set(id, buckets.length)
    }
    expect(Object.fromEntries(counts)).toMatchObject({
      'ct-unparsable': 1,
      'ct-logs': 1,
      'ct-parked-all': 31,
    })
    expect(counts.get('ct-name')).toBeGreaterThanOrEqual(1)
    expect(counts.get('ct-problems')).toBeGreaterThanOrEqual(1)
    expect(counts.get('ct-keys')).toBeGreaterThanOrEqual(1)
    expect(counts.get('ct-issuers')).toBeGreaterThanOrEqual(1)
  })

  it('parks what the server refuses, and goes on', async () => {
    const place = await begin()
    await opened(place.url)
    // Refuses the odd ones, and drops one without a word.
    const pipeline = `_ingest/pipeline/${place.prefix}`
    await place.ask('PUT', pipeline, {
      processors: [{ fail: { if: 'ctx.ct.index % 2 == 1', message: 'odd' } }, { drop: { if: 'ctx.ct.index == 4' } }],
    })
    onTestFinished(async () => void (await place.ask('DELETE', pipeline)))
    await changeTemplate(place, ({ settings }) => Object.assign(settings.index, { default_pipeline: place.prefix }))
    const log = await logOf(10)
    await fill(place.url, log)
    expect((await place.content()).get(log.logId)).toEqual([0, 2, 6, 8])
    const parked = await place.hits('parked')
    expect(parked.map(({ _source }) => _source)).toEqual(
      [1, 3, 4, 5, 7, 9].map((index) =>
        expect.objectContaining({
          ct: expect.objectContaining({ index, leaf_hash: expect.any(String) }),
          error: { message: expect.stringContaining(index === 4 ? 'an ingest pipeline' : 'odd') },
        }),
      ),
    )
  })

  it('writes smaller requests to a server that accepts less, and parks the one document that is too large', {
    timeout: 180_000,
  }, async () => {
    const { url } = await startedServer('opensearch', ['http.max_content_length=64kb'])
    const place = await begin(url)
    const log = await logOf(120)
    log.add([{ leafInput: new Uint8Array(80_000).fill(0xff), extraData: new Uint8Array(0) }, ...certificates(2)])
    log.publish()
    await fill(place.url, log)
    expect((await place.content()).get(log.logId)).toEqual([...upTo(120), 121, 122])
    expect((await place.hits('parked')).map(({ _source }) => _source)).toEqual([
      expect.objectContaining({ error: { message: expect.stringContaining('more than http.max_content_length') } }),
    ])
  })

  it('waits for a server whose disk is full', async () => {
    const place = await begin()
    const log = await logOf(20)
    await fill(place.url, log)
    const block = (is: boolean) =>
      place.ask('PUT', `${place.prefix}-entries-*/_settings`, { 'index.blocks.read_only_allow_delete': is || null })
    await block(true)
    log.add(certificates(5))
    log.publish()
    const said: string[] = []
    await pump({
      sink: openSearchSink(place.url),
      logger: { warn: (text) => void said.push(text), info: () => {} },
      // The wait is when room is made.
      clock: waitingClock(() => block(false)),
      random: () => 0,
      stream: () => backfill(log),
    })
    expect(said).toEqual([expect.stringContaining('is the disk of a server full?')])
    expect((await place.content()).get(log.logId)).toEqual(upTo(25))
  })

  describe('when the cluster takes nothing, whatever the document,', () => {
    /** Fills from a log, until it waits. */
    const fillWhen = async (place: Awaited<ReturnType<typeof begin>>, log: Log, repair: () => Promise<unknown>) => {
      const said: string[] = []
      await pump({
        sink: openSearchSink(place.url),
        logger: { warn: (text) => void said.push(text), info: () => {} },
        clock: waitingClock(repair),
        random: () => 0,
        stream: () => backfill(log),
      })
      expect((await place.content()).get(log.logId)).toEqual(upTo(20))
      expect(await place.hits('parked')).toEqual([])
      return said
    }

    /** Makes templates, and the index of parked ones, which would take what the others do not. */
    const beginParked = async (url?: string) => {
      const place = await begin(url)
      await opened(place.url)
      await place.ask('PUT', `${place.prefix}-parked`)
      return place
    }

    it('waits for a cluster that may have no more shards', { timeout: 180_000 }, async () => {
      const { url } = await startedServer('opensearch')
      const place = await beginParked(url)
      const limit = (shards: number | null) =>
        place.ask('PUT', '_cluster/settings', { transient: { 'cluster.max_shards_per_node': shards } })
      await limit(1)
      const said = await fillWhen(place, await logOf(20), () => limit(null))
      expect(said).toEqual([expect.stringMatching(/raise cluster\.max_shards_per_node.*maximum shards open/)])
    })

    it('waits for an index that is closed', async () => {
      const place = await beginParked()
      const log = await logOf(20)
      // The newest index of a data stream cannot be closed: a template of the user's own, with indexes.
      const path = `_index_template/${place.prefix}-entries`
      const { index_templates } = (await place.ask('GET', path)) as unknown as {
        index_templates: [{ index_template: object }]
      }
      await place.ask('PUT', path, { ...index_templates[0].index_template, data_stream: undefined })
      const months = new Set<string>()
      for await (const page of backfill(log).batches())
        for (const { timestamp } of page) months.add(timestamp?.toISOString().slice(0, 7).replace('-', '.') ?? '')
      const indexes = [...months].map((month) => `${place.prefix}-entries-${month}`)
      for (const index of indexes) await place.ask('PUT', index)
      for (const index of indexes) await place.ask('POST', `${index}/_close`)
      const said = await fillWhen(place, log, async () => {
        for (const index of indexes) await place.ask('POST', `${index}/_open`)
      })
      expect(said).toEqual([expect.stringContaining('the index is closed: open it')])
    })

    it('waits for an ingest pipeline that is missing', async () => {
      const place = await beginParked()
      await changeTemplate(place, ({ settings }) => Object.assign(settings.index, { default_pipeline: place.prefix }))
      const pipeline = `_ingest/pipeline/${place.prefix}`
      onTestFinished(async () => void (await place.ask('DELETE', pipeline)))
      const said = await fillWhen(place, await logOf(20), () => place.ask('PUT', pipeline, { processors: [] }))
      expect(said).toEqual([expect.stringContaining('the ingest pipeline of the index is missing')])
    })

    it('parks what an ingest pipeline cannot take while it takes others, and stops when it takes none', async () => {
      const place = await beginParked()
      const pipeline = `_ingest/pipeline/${place.prefix}`
      const rename = { field: 'event.none', target_field: 'event.other' }
      const refuse = (condition?: string) =>
        place.ask('PUT', pipeline, { processors: [{ rename: { if: condition, ...rename } }] })
      onTestFinished(async () => void (await place.ask('DELETE', pipeline)))
      await changeTemplate(place, ({ settings }) => Object.assign(settings.index, { default_pipeline: place.prefix }))
      await refuse()
      const log = await logOf(10)
      await expect(fill(place.url, log)).rejects.toMatchObject({
        code: 'CT_SINK_FAILED',
        retryable: false,
        message: expect.stringContaining("field [event.none] doesn't exist"),
      })
      expect(await place.hits('parked')).toEqual([])
      await refuse('ctx.ct.index % 2 == 1')
      await fill(place.url, log)
      expect((await place.content()).get(log.logId)).toEqual([0, 2, 4, 6, 8])
      expect((await place.hits('parked')).map(({ _source }) => _source.ct.index)).toEqual([1, 3, 5, 7, 9])
    })
  })

  it.each<[string, (template: Template) => void, RegExp]>([
    [
      'names that are no keywords',
      ({ mappings }) =>
        Object.assign(mappings.properties.ct.properties.names, { type: 'text', ignore_above: undefined }),
      /maps ct\.names as text: it must be keyword/,
    ],
    [
      'writes that are not on disk when they are acknowledged',
      ({ settings }) => Object.assign(settings.index, { translog: { durability: 'async' } }),
      /set index\.translog\.durability to request/,
    ],
    ['no unknown fields', ({ mappings }) => Object.assign(mappings, { dynamic: 'strict' }), /has dynamic: strict/],
  ])('refuses a template with %s, and names it', async (_, change, message) => {
    const place = await begin()
    await opened(place.url)
    await changeTemplate(place, change)
    await expect(openSearchSink(place.url).open(undefined)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringMatching(message),
    })
  })

  it('refuses a foreign index, and a data stream that was rolled over', async () => {
    const place = await begin()
    const log = await logOf(3)
    await fill(place.url, log, { problems: true })
    const [hit] = await place.hits()
    const stream = /(t[0-9a-f]+-entries-\d{4}\.\d\d)/.exec(hit?._index ?? '')?.[1]
    await place.ask('POST', `${stream}/_rollover`)
    await expect(openSearchSink(place.url).open(undefined)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringContaining('has been rolled over'),
    })
    const other = await begin()
    await other.ask('PUT', `${other.prefix}-parked`, { mappings: { properties: { apples: { type: 'long' } } } })
    await expect(openSearchSink(other.url).open(undefined)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringMatching(/-parked maps @timestamp as nothing: it must be date/),
    })
  })

  it('reports a missing server, without the password', async () => {
    const server = inject('opensearch')?.replace('opensearch://', '')
    for (const [url, retryable] of [
      ['opensearch://user:secret@127.0.0.1:1', true],
      ['elasticsearch://127.0.0.1:1?apikey=secret', true],
      [`opensearchs://user:secret@${server}`, true],
    ] as const)
      await expect(openSearchSink(url).open(undefined), url).rejects.toMatchObject({
        code: 'CT_SINK_FAILED',
        retryable,
        message: expect.not.stringContaining('secret'),
      })
  })
})
