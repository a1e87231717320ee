import { z } from 'zod'

/** Shapes of all answers, under the names they have in the OpenAPI document. What is not known is `null`. */

export const named = <T extends z.ZodType>(id: string, description: string, schema: T): T =>
  schema.meta({ id, description })
export const time = z.iso.datetime().describe('ISO 8601 in UTC')
export const count = z.int().nonnegative()
export const bytes = count.describe('bytes')
export const ms = z.number().nonnegative().describe('milliseconds')

export const LogInfo = named(
  'LogInfo',
  'A log, as every certificate says where it is from.',
  z.strictObject({
    id: z.string().describe("base64 of SHA-256 over the log's key"),
    description: z.string(),
    operator: z.string(),
    kind: z.enum(['rfc6962', 'static-ct']),
    url: z.string(),
  }),
)

const ErrorRecord = named('ErrorRecord', 'A trouble.', z.strictObject({ code: z.string(), message: z.string() }))

export const Log = named(
  'Log',
  'How a log fares.',
  z.strictObject({
    log: LogInfo,
    state: z.enum(['opening', 'live', 'catching-up', 'waiting', 'finished', 'misbehaving', 'failed']),
    position: count.nullable().describe('index of the first entry not yet acknowledged'),
    headSize: count.nullable().describe('entries of the newest signed head'),
    headAgeMs: ms.nullable(),
    mmdMs: ms.nullable().describe('maximum merge delay: the age the newest head should never pass'),
    verifiedSize: count.nullable(),
    lagEntries: count.nullable(),
    lagMs: ms.nullable(),
    entries: count,
    filtered: count,
    duplicates: count,
    unverified: count,
    entriesPerSecond: z.number().nonnegative(),
    bytes,
    requests: count,
    retries: count,
    failingSince: time.nullable(),
    nextRetryAt: time.nullable(),
    lastError: ErrorRecord.nullable().describe('the last trouble, long over or not'),
  }),
)

export const Status = named(
  'Status',
  'The server as a whole.',
  z.strictObject({
    version: z.string(),
    startedAt: time,
    isPaused: z.boolean(),
    problem: z.string().nullable().describe('what /healthz says is wrong'),
    isReady: z.boolean(),
    clients: count,
    entries: count.describe('entries sent on since the start'),
    logs: count,
    entriesPerSecond: z.number().nonnegative().nullable().describe('read from the logs, over the last minute or so'),
    bufferedBytes: bytes.nullable(),
    openGaps: count.nullable(),
    kept: z.strictObject({
      series: z.string().describe('first part of the ids of all messages'),
      oldest: z.string().nullable().describe('id of the oldest message that can be sent again'),
      newest: z.string().nullable(),
      messages: count,
      bytes,
    }),
  }),
)

export const Gap = named(
  'Gap',
  'Entries that were not delivered.',
  z.strictObject({
    log: LogInfo,
    start: count.describe('first index, inclusive'),
    end: count.nullable().describe('exclusive; null where nobody knows it'),
    reason: z.string(),
    recordedAt: time,
  }),
)

export const Evidence = named(
  'Evidence',
  "A log's misbehaviour, in short.",
  z.strictObject({ id: z.string(), log: LogInfo, code: z.string(), message: z.string(), recordedAt: time }),
)

export const EvidenceDocument = named(
  'EvidenceDocument',
  'All it takes to check it, as `ct-stream evidence` writes it; `ct-stream verify-evidence` reads it.',
  z.looseObject({
    format: z.literal('ct-stream evidence'),
    version: z.literal(1),
    kind: z.string(),
    claim: z.string(),
    code: z.string(),
    recordedAt: time,
    sha256: z.string(),
  }),
)

export const Client = named(
  'Client',
  'A client that is connected. Nothing tells who it is.',
  z.strictObject({
    id: z.string(),
    path: z.string(),
    format: z.string(),
    isFiltered: z.boolean(),
    connectedAt: time,
    isLive: z.boolean().describe('false: it is sent what it missed'),
    behind: count.describe('messages it is still to be sent, or does not want'),
    queuedBytes: bytes.describe('bytes that wait to be sent'),
  }),
)

export const Module = named(
  'Module',
  'How a module fares. Counts are since the server began.',
  z.strictObject({
    name: z.string(),
    state: z.enum(['waiting', 'setting-up', 'running', 'hung', 'draining', 'stopped', 'failed']),
    acknowledge: z.boolean(),
    isWaitedFor: z.boolean().describe('whether reading waits for it'),
    queuedEntries: count,
    queuedBytes: z.number().describe('by estimate'),
    certificates: count,
    findings: count,
    emitted: count,
    repeats: count,
    dropped: count,
    skipped: count,
    deadLetters: count.describe('findings that an output could not deliver and put aside'),
    errors: count,
    retries: count,
    timeouts: count,
    lastError: ErrorRecord.nullable(),
  }),
)

export const Finding = named(
  'Finding',
  'What a module said of a certificate, as /v2/stream?findings=1 sends it.',
  z.strictObject({
    id: z.string().describe('of the message'),
    finding: z.looseObject({
      id: z.string().describe('the same wherever the module reports the same'),
      module: z.string(),
      kind: z.string(),
      subject: z.string(),
      severity: z.enum(['info', 'low', 'medium', 'high', 'critical']),
      score: z.number().min(0).max(100),
      reasons: z.array(z.looseObject({ text: z.string() })),
      certificate: z.looseObject({}),
      firstSeen: time,
    }),
  }),
)

export const Paused = named('Paused', 'Whether reading is paused.', z.strictObject({ isPaused: z.boolean() }))

export const Certificate = named(
  'Certificate',
  'An entry as /v2/stream sends it in the format asked for.',
  z.looseObject({ id: z.string() }),
)

export const Problem = named(
  'Problem',
  'What went wrong, RFC 9457.',
  z.strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
  }),
)

export const FoundCertificate = named(
  'FoundCertificate',
  'A certificate of the database.',
  z.strictObject({
    id: z.string().describe('hex of SHA-256 over the DER'),
    kind: z.enum(['certificate', 'precertificate']),
    names: z.array(z.string()).describe('those that fit'),
    issuer: z.string(),
    serialNumber: z.string().nullable(),
    notBefore: time.nullable(),
    notAfter: time.nullable(),
    firstSeen: time,
    logId: z.string().describe('where it was seen first'),
    index: count,
  }),
)

export const CertificateItem = named(
  'CertificateItem',
  'With `name` what the database has, else what was sent.',
  z.union([FoundCertificate, Certificate]),
)

const pageSchemas = new Map<z.ZodType, z.ZodType>()

/** A page of a list. */
export function pageOf(item: z.ZodType): z.ZodType {
  let page = pageSchemas.get(item)
  if (page === undefined) {
    const { id } = item.meta() ?? {}
    page = named(
      `${id}Page`,
      'A part of a list.',
      z.strictObject({
        items: z.array(item),
        next: z.string().nullable().describe('asks for the next page, as `after`; null: this is the last'),
      }),
    )
    pageSchemas.set(item, page)
  }
  return page
}

export const limit = (most: number, usual: number) =>
  z.int().min(1).max(most).default(usual).describe('items of a page, at most')
export const after = z.string().max(200).optional().describe('`next` of the page before')
