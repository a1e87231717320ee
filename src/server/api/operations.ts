import { z } from 'zod'
import { VERSION } from '../../version.js'
import { messageId } from '../message-id.js'
import { filterOf, formatOf } from '../subscription.js'
import { clusterOperations, foundPage } from './cluster-operations.js'
import { type ApiWorld, followedBy, logsOf, type Operation, operation } from './operation.js'
import { keysetPage, sortable } from './paging.js'
import { ApiProblem } from './problem.js'
import { recentMessages } from './recent.js'
import { evidenceDocument, evidenceRecord, gapRecord, iso, logRecord, moduleRecord } from './records.js'
import {
  after,
  CertificateItem,
  Client,
  Evidence,
  EvidenceDocument,
  Finding,
  Gap,
  Log,
  limit,
  Module,
  Paused,
  pageOf,
  Status,
} from './schemas.js'

const nothing = z.strictObject({})
const paged = z.strictObject({ limit: limit(1000, 100), after })
const texts = z.array(z.string()).default([])

/** All that `/api/v1` answers. */
export const operations: readonly Operation[] = [
  operation({
    ...{ method: 'GET', path: '/status', name: 'getStatus', summary: 'The server as a whole.' },
    query: nothing,
    answer: Status,
    run: ({ world }) => statusRecord(world),
  }),
  operation({
    ...{ method: 'GET', path: '/logs', name: 'listLogs', summary: 'How each log fares, in the order of their ids.' },
    query: paged,
    answer: pageOf(Log),
    run({ world, query }) {
      const page = keysetPage(logsOf(world), ({ log }) => log.id, query)
      return { ...page, items: page.items.map(logRecord) }
    },
  }),
  operation({
    ...{ method: 'GET', path: '/logs/{id}', name: 'getLog', summary: 'How one log fares.' },
    query: nothing,
    answer: Log,
    problems: [404],
    run({ world, id }) {
      // Base64 in a path is written as base64url where it is not percent-encoded.
      const plain = id.replaceAll('-', '+').replaceAll('_', '/')
      const found = logsOf(world).find(({ log }) => log.id === plain || log.id === `${plain}=`)
      if (found === undefined) throw new ApiProblem(404, 'no log of this id is followed')
      return logRecord(found)
    },
  }),
  operation({
    ...{ method: 'GET', path: '/gaps', name: 'listGaps', summary: 'What is missing, in the order of recording.' },
    query: paged,
    answer: pageOf(Gap),
    async run({ world, query }) {
      const keyOf = ({ log, start, recordedAt }: { log: { id: string }; start: number; recordedAt: number }) =>
        `${sortable(recordedAt)}.${sortable(start)}.${log.id}`
      const page = keysetPage(await world.store.gaps(), keyOf, query)
      return { ...page, items: page.items.map(gapRecord) }
    },
  }),
  operation({
    ...{ method: 'GET', path: '/evidence', name: 'listEvidence' },
    summary: "Logs' misbehaviour, in the order of recording.",
    query: paged,
    answer: pageOf(Evidence),
    async run({ world, query }) {
      const numbered = (await world.store.evidence()).map((evidence, i) => ({ evidence, key: sortable(i + 1) }))
      const from = query.after === undefined ? {} : { after: query.after.padStart(16, '0') }
      const page = keysetPage(numbered, ({ key }) => key, { ...query, ...from })
      return { ...page, items: page.items.map(({ evidence, key }) => evidenceRecord(evidence, `${Number(key)}`)) }
    },
  }),
  operation({
    ...{ method: 'GET', path: '/evidence/{id}', name: 'getEvidence', summary: 'All it takes to check a piece of it.' },
    query: nothing,
    answer: EvidenceDocument,
    problems: [404],
    async run({ world, id }) {
      const found = /^[1-9]\d{0,14}$/.test(id) ? (await world.store.evidence())[Number(id) - 1] : undefined
      if (found === undefined) throw new ApiProblem(404, 'there is no evidence of this id')
      return evidenceDocument(found, followedBy(world))
    },
  }),
  operation({
    ...{ method: 'GET', path: '/clients', name: 'listClients', summary: 'Who is connected, in the order of coming.' },
    query: paged,
    answer: pageOf(Client),
    run: ({ world, query }) => clientPage(world, query),
  }),
  operation({
    ...{ method: 'GET', path: '/certificates', name: 'listCertificates' },
    summary:
      'What was sent last, the newest first; with `name` what the database has. With filters a page may hold few or none and have a `next`.',
    query: z.strictObject({
      limit: limit(100, 25),
      after,
      name: z
        .string()
        .min(1)
        .max(300)
        .optional()
        .describe(
          'searches the database: example.com and all below, =example.com, *.example.com; goes with since alone',
        ),
      since: z.iso.datetime({ offset: true }).optional().describe('first seen then or later'),
      format: z.enum(['full', 'lite', 'domains', 'certstream']).default('lite'),
      domain: texts.describe('as of /v2/stream'),
      issuer: texts,
      kind: texts,
      log: texts,
    }),
    answer: pageOf(CertificateItem),
    problems: [400, 404, 501, 503],
    run({ world, query }) {
      if (query.name !== undefined) return foundPage(world, { ...query, name: query.name })
      const { domain, issuer, kind, log } = query
      const wishes = new URLSearchParams()
      for (const [name, values] of Object.entries({ domain, issuer, kind, log }))
        for (const value of values) wishes.append(name, value)
      const selection = { format: formatOf(query.format), matches: filterOf(wishes).matches }
      return recentMessages(world.backlog, selection, query)
    },
  }),
  operation({
    ...{ method: 'GET', path: '/modules', name: 'listModules' },
    summary: 'How each module fares, in the order in which they see the findings of each other.',
    query: paged,
    answer: pageOf(Module),
    run({ world, query }) {
      const modules = (world.modules()?.modules ?? []).map((module, i) => ({ module, key: sortable(i + 1) }))
      const page = keysetPage(modules, ({ key }) => key, query)
      return { ...page, items: page.items.map(({ module }) => moduleRecord(module)) }
    },
  }),
  operation({
    ...{ method: 'GET', path: '/findings', name: 'listFindings' },
    summary: 'What modules found since the server began, the newest first: the last 1000.',
    query: z.strictObject({ limit: limit(100, 25), after }),
    answer: pageOf(Finding),
    run({ world, query }) {
      // The newest has the smallest key.
      const keyOf = ({ number }: { readonly number: number }) => sortable(Number.MAX_SAFE_INTEGER - number)
      const page = keysetPage(world.findings.newest, keyOf, query)
      return { ...page, items: page.items.map(({ id, finding }) => ({ id, finding })) }
    },
  }),
  operation({
    ...{ method: 'POST', path: '/pause', name: 'pause' },
    summary: 'Reads no more. Clients stay and can have what is kept; what the logs add meanwhile is read afterwards.',
    query: nothing,
    answer: Paused,
    run: ({ world: { pause } }) => pause.set(true),
  }),
  operation({
    ...{ method: 'POST', path: '/resume', name: 'resume', summary: 'Reads on.' },
    query: nothing,
    answer: Paused,
    run: ({ world: { pause } }) => pause.set(false),
  }),
  ...clusterOperations,
]

function statusRecord({ source, connections, figures, health, pause, backlog, startedAt }: ApiWorld): object {
  const status = source.status?.()
  const { series, oldest, newest, keptBytes } = backlog
  const messages = newest - oldest + 1
  const idOf = (number: number) => (messages === 0 ? null : messageId(series, number))
  const problem = health.illness() ?? null
  return {
    version: VERSION,
    startedAt: iso(startedAt),
    isPaused: pause.isPaused,
    problem,
    isReady: problem === null && health.unready() === undefined,
    clients: connections.size,
    entries: figures.total,
    logs: status?.logs.length ?? 0,
    entriesPerSecond: status?.entriesPerSecond ?? null,
    bufferedBytes: status?.bufferedBytes ?? null,
    openGaps: status?.gaps ?? null,
    kept: { series, oldest: idOf(oldest), newest: idOf(newest), messages, bytes: keptBytes },
  }
}

function clientPage(
  { connections, backlog }: ApiWorld,
  query: { readonly after?: string | undefined; readonly limit: number },
): object {
  const page = keysetPage([...connections.all()], ({ number }) => sortable(number), query)
  const items = page.items.map(({ number, path, connectedAt, client }) => ({
    id: `${number}`,
    path,
    format: client.selection.format,
    isFiltered: client.selection.matches !== undefined,
    connectedAt: iso(connectedAt),
    isLive: client.isLive,
    behind: backlog.newest - client.position,
    queuedBytes: client.queuedBytes,
  }))
  return { ...page, items }
}
