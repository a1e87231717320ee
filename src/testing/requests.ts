import type { IncomingHttpHeaders } from 'node:http'

/** The endpoint of a request; `'other'` for a path that this log does not have. */
export type TestLogEndpoint =
  | 'get-sth'
  | 'get-entries'
  | 'get-sth-consistency'
  | 'get-proof-by-hash'
  | 'get-entry-and-proof'
  | 'get-roots'
  | 'checkpoint'
  | 'tile'
  | 'data-tile'
  | 'issuer'
  | 'other'

export const TEST_LOG_ENDPOINTS: readonly TestLogEndpoint[] = Object.freeze([
  'get-sth',
  'get-entries',
  'get-sth-consistency',
  'get-proof-by-hash',
  'get-entry-and-proof',
  'get-roots',
  'checkpoint',
  'tile',
  'data-tile',
  'issuer',
  'other',
])

/** A received request. Numbers that the endpoint does not have, or that are invalid, are `undefined`. */
export interface TestLogRequest {
  /** Its endpoint. */
  readonly endpoint: TestLogEndpoint
  /** Such as `GET`. */
  readonly method: string
  /** Path and query as sent. */
  readonly path: string
  /** Headers in Node's form, with names in lower case. */
  readonly headers: Readonly<IncomingHttpHeaders>
  /** Header `User-Agent`; `undefined` when there is none. */
  readonly userAgent: string | undefined
  /** Number of the request at this log, from 0. */
  readonly number: number
  /** Number of the TCP connection, from 0. */
  readonly connection: number
  /** Epoch milliseconds of the log's clock. */
  readonly receivedAt: number
  /** `get-entries`: first index. */
  readonly start?: number
  /** `get-entries`: last index, inclusive. */
  readonly endInclusive?: number
  /** `get-sth-consistency`: the smaller tree size. */
  readonly first?: number
  /** `get-sth-consistency`: the larger tree size. */
  readonly second?: number
  /** `get-proof-by-hash`, `get-entry-and-proof`: size of the tree to prove it in. */
  readonly treeSize?: number
  /** `get-entry-and-proof`: index of the entry. */
  readonly leafIndex?: number
  /** `get-proof-by-hash`: base64 leaf hash, as sent. */
  readonly hash?: string
  /** `tile`: its level, 0 for leaf hashes. */
  readonly level?: number
  /** `tile`, `data-tile`: number of the tile in its level. */
  readonly index?: number
  /** `tile`, `data-tile`: hashes or entries in it, 256 for a full tile. */
  readonly width?: number
  /** `issuer`: lower-case hex SHA-256. */
  readonly fingerprint?: string
}

/** A request and how it was answered. */
export interface RecordedRequest extends TestLogRequest {
  /** HTTP status; `undefined` while unanswered, and when the connection was cut before an answer. */
  readonly status: number | undefined
  /** Bytes of body sent, as on the wire. */
  readonly bytes: number
  /** Entries in the answer, for `get-entries` and `data-tile`. */
  readonly count: number | undefined
  /** Whether a fault was applied. */
  readonly faulty: boolean
}

type Parameters = Partial<
  Pick<
    TestLogRequest,
    | 'start'
    | 'endInclusive'
    | 'first'
    | 'second'
    | 'treeSize'
    | 'leafIndex'
    | 'hash'
    | 'level'
    | 'index'
    | 'width'
    | 'fingerprint'
  >
>

export interface Prefixes {
  /** Paths, each ending in `/`; `undefined`: not served. */
  readonly rfc6962: string | undefined
  readonly submission: string | undefined
  readonly monitoring: string | undefined
}

/** The endpoint of a path, and its parameters. */
export function routeOf(path: string, prefixes: Prefixes): { readonly endpoint: TestLogEndpoint } & Parameters {
  const { rfc6962, submission, monitoring } = prefixes
  const query = path.indexOf('?')
  const name = query < 0 ? path : path.slice(0, query)
  if (rfc6962 !== undefined && name.startsWith(`${rfc6962}ct/v1/`))
    return rfc6962Route(name.slice(rfc6962.length + 6), new URLSearchParams(query < 0 ? '' : path.slice(query + 1)))
  if (submission !== undefined && name === `${submission}ct/v1/get-roots`) return { endpoint: 'get-roots' }
  if (monitoring !== undefined && name.startsWith(monitoring)) return staticRoute(name.slice(monitoring.length))
  return { endpoint: 'other' }
}

function rfc6962Route(name: string, query: URLSearchParams): { endpoint: TestLogEndpoint } & Parameters {
  const number = (key: string) => decimal(query.get(key) ?? '')
  switch (name) {
    case 'get-sth':
    case 'get-roots':
      return { endpoint: name }
    case 'get-entries':
      return { endpoint: name, start: number('start'), endInclusive: number('end') }
    case 'get-sth-consistency':
      return { endpoint: name, first: number('first'), second: number('second') }
    case 'get-proof-by-hash':
      return { endpoint: name, hash: query.get('hash') ?? undefined, treeSize: number('tree_size') }
    case 'get-entry-and-proof':
      return { endpoint: name, leafIndex: number('leaf_index'), treeSize: number('tree_size') }
    default:
      return { endpoint: 'other' }
  }
}

function staticRoute(name: string): { endpoint: TestLogEndpoint } & Parameters {
  if (name === 'checkpoint') return { endpoint: 'checkpoint' }
  const issuer = /^issuer\/([0-9a-f]{64})$/.exec(name)
  if (issuer !== null) return { endpoint: 'issuer', fingerprint: issuer[1] }
  // tile/<L>/<N>[.p/<W>]: N in groups of three digits, all but the last with an x; W from 1 to 255
  const tile = /^tile\/(data|[0-5])\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(name)
  if (tile === null) return { endpoint: 'other' }
  const [, level = '', groups = '', partial] = tile
  const index = Number(groups.replace(/[x/]/g, ''))
  const width = partial === undefined ? 256 : Number(partial)
  const canonical = !groups.startsWith('x000/')
  if (!canonical || width > 256 || (partial !== undefined && width > 255)) return { endpoint: 'other' }
  return level === 'data'
    ? { endpoint: 'data-tile', index, width }
    : { endpoint: 'tile', level: Number(level), index, width }
}

/** A decimal safe integer, or `undefined`. */
function decimal(text: string): number | undefined {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(value) ? value : undefined
}
