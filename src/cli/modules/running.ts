import { CtStreamError } from '../../errors.js'
import { harmless } from '../../util/harmless.js'
import { messageOf } from '../../util/message-of.js'

/** Status of a module in another process. Counts start with its run. */
export interface RunningModule {
  readonly name: string
  readonly state: string
  readonly certificates: number
  readonly findings: number
  readonly emitted: number
  readonly repeats: number
  readonly dropped: number
  readonly skipped: number
  readonly errors: number
  readonly queued: number
}

type Count = Exclude<keyof RunningModule, 'name' | 'state'>

/** Names of metrics, after the prefix `ct_stream_module_`. */
const COUNTS: Readonly<Record<string, Count>> = {
  certificates_total: 'certificates',
  findings_total: 'findings',
  emitted_findings_total: 'emitted',
  repeated_findings_total: 'repeats',
  dropped_total: 'dropped',
  skipped_total: 'skipped',
  errors_total: 'errors',
  queued_entries: 'queued',
}
const TIMEOUT_MS = 10_000
/** Longest answer, room for thousands of modules. */
const MAX_BYTES = 4 * 1024 * 1024

/**
 * Reads the status of another process's modules from its metrics.
 *
 * @param url - Where it answers Prometheus; `/metrics` may be left out.
 * @throws {@link CtStreamError} `CT_HTTP_STATUS`, `CT_HTTP_NETWORK`, or `CT_RESPONSE_MALFORMED` for what has no metrics of modules.
 */
export async function runningModules(url: URL, stop: AbortSignal): Promise<readonly RunningModule[]> {
  const from = url.pathname === '/' ? new URL('/metrics', url) : url
  const found = parseModules(await textOf(from, stop))
  if (found.length > 0) return found
  throw new CtStreamError('CT_RESPONSE_MALFORMED', `${from} has no metrics of modules: does that process run any?`)
}

/** @param text - In the text format of Prometheus. */
export function parseModules(text: string): readonly RunningModule[] {
  const modules = new Map<string, Record<string, string | number>>()
  const of = (name: string) => {
    const module = modules.get(name) ?? { name, state: 'unknown', ...zeros }
    modules.set(name, module)
    return module
  }
  for (const line of text.split('\n')) {
    const [, metric = '', label = '', state, value] =
      /^ct_stream_module_(\w{1,60})\{module="([^"\\]{1,200})"(?:,state="([\w-]{1,40})")?\} (\d[\d.e+]{0,30})$/.exec(
        line,
      ) ?? []
    const count = COUNTS[metric]
    if (count !== undefined) of(label)[count] = Number(value)
    else if (metric === 'state' && state !== undefined && value === '1') of(label).state = state
  }
  return [...modules.values()] as unknown as readonly RunningModule[]
}

const zeros = Object.fromEntries(Object.values(COUNTS).map((count) => [count, 0]))

async function textOf(url: URL, stop: AbortSignal): Promise<string> {
  try {
    const response = await fetch(url, {
      redirect: 'error',
      // The transport is used for a single request.
      headers: { connection: 'close' },
      signal: AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    if (!response.ok)
      throw new CtStreamError('CT_HTTP_STATUS', `${url} answers ${response.status}`, { status: response.status })
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of response.body ?? []) {
      length += chunk.length
      if (length > MAX_BYTES)
        throw new CtStreamError('CT_RESPONSE_TOO_LARGE', `${url} sends more than ${MAX_BYTES} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString()
  } catch (cause) {
    if (CtStreamError.is(cause) || stop.aborted) throw cause
    const reason = messageOf((cause as Error).cause ?? cause)
    throw new CtStreamError('CT_HTTP_NETWORK', `${url} cannot be asked: ${harmless(reason)}`, { cause })
  }
}
