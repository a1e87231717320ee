import { CtStreamError } from '../../errors.js'
import type { LogSpec } from '../../types/log.js'
import { messageOf } from '../../util/message-of.js'
import { LogKey } from '../../wire/head-signature.js'
import type { CommandContext } from '../command.js'
import { isNoNetwork } from '../until-there.js'
import { type NamedLogs, specsFrom } from './addresses.js'
import { isKey, keyOf } from './log-key.js'
import { usageError } from './usage-error.js'

/** Longest `log.v3.json`, which has about a thousand bytes. */
const MAX_BYTES = 64 * 1024

/**
 * Logs named by hand: `--log` with `--key` (base64, PEM, or a file of either) and `--submission-url`; or the `log.v3.json` that a log
 * publishes about itself, as a URL or file, which has all of that. For a URL alone, fetches `log.v3.json` below it.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag; what fetching a named `log.v3.json` fails with.
 */
export async function specsFor(context: CommandContext): Promise<readonly LogSpec[] | undefined> {
  const { values } = context
  const urls = values.list('log')
  if (urls.length === 0) return specsFrom(values)
  const isAlone = !values.has('key') && !values.has('submission-url')
  const described = await Promise.all(
    urls.map((url) =>
      /\.json$/i.test(url) ? describedBy(context, url) : isAlone ? foundBelow(context, url) : undefined,
    ),
  )
  const rest: NamedLogs = {
    urls: urls.filter((_, i) => described[i] === undefined),
    keys: await Promise.all(values.list('key').map((key) => keyOf(context, key))),
    submissions: values.list('submission-url'),
  }
  const paired = (rest.urls.length > 0 || !isAlone ? specsFrom(values, rest) : undefined) ?? []
  const queue = paired[Symbol.iterator]()
  return described.map((spec) => spec ?? (queue.next().value as LogSpec))
}

async function describedBy(context: CommandContext, place: string): Promise<LogSpec> {
  const { io, values } = context
  if (/^https?:/i.test(place)) return specOf(await fetched(context, place), place)
  try {
    return specOf(await io.readFile(place, MAX_BYTES), place)
  } catch (error) {
    if (CtStreamError.is(error)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw usageError(`${values.from('log')} cannot be read: ${reason}`, error)
  }
}

async function foundBelow(context: CommandContext, url: string): Promise<LogSpec> {
  const { io, values } = context
  const place = `${url.replace(/\/*$/, '/')}log.v3.json`
  let bytes: Uint8Array
  try {
    bytes = await fetched(context, place)
  } catch (error) {
    io.stop.throwIfAborted()
    if (CtStreamError.is(error) && error.code === 'CT_OPTION_INVALID') throw error
    const reason = messageOf(error)
    // A log that cannot be reached may have one.
    if (isNoNetwork(error))
      throw new CtStreamError(error.code, `${reason}; with --key this file is not needed`, {
        ...{ retryable: true, url: place, cause: error },
      })
    throw usageError(`${values.from('log')} needs --key: there is none at ${place} (${reason})`, error)
  }
  const spec = specOf(bytes, place)
  // The log is read at the URL that the user gave, whatever the file says.
  return spec.kind === 'static-ct' ? { ...spec, monitoringUrl: url } : { ...spec, url }
}

async function fetched(context: CommandContext, url: string): Promise<Uint8Array> {
  const { io, values } = context
  const { hostname, protocol } = URL.canParse(url) ? new URL(url) : { hostname: '', protocol: '' }
  const isNear = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
  if (protocol !== 'https:' && !isNear && !values.switch('allow-http'))
    values.refuse('log', 'an https URL (http with --allow-http)', url)
  const { transportFrom } = await import('../listed-logs.js')
  const transport = await transportFrom(context)
  try {
    return (await transport.get(url, { maxBytes: MAX_BYTES, signal: io.stop })).body
  } finally {
    await transport.close()
  }
}

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` when it does not describe a log. */
function specOf(bytes: Uint8Array, place: string): LogSpec {
  const json = parsed(bytes, place)
  const text = (name: string) => (typeof json[name] === 'string' ? json[name] : undefined)
  const [key, url, monitoringUrl, submissionUrl] = ['key', 'url', 'monitoring_url', 'submission_url'].map(text)
  if (key === undefined || !isKey(key)) throw usageError(`${place} has no \`key\` of a log`)
  const id = new LogKey(key).id
  if (text('log_id') !== undefined && text('log_id') !== id)
    throw usageError(`${place} contradicts itself: its \`log_id\` is not that of its \`key\``)
  const description = text('description')
  const known = {
    key,
    ...(description !== undefined && { description: description.slice(0, 200) }),
    ...mmdOf(json.mmd),
  }
  if (monitoringUrl !== undefined && submissionUrl !== undefined)
    return { kind: 'static-ct', monitoringUrl, submissionUrl, ...known }
  if (url !== undefined) return { kind: 'rfc6962', url, ...known }
  throw usageError(
    `${place} does not say where the log is: no \`url\`, and no \`monitoring_url\` with \`submission_url\``,
  )
}

function mmdOf(mmd: unknown): { readonly mmd?: number } {
  return typeof mmd === 'number' && Number.isInteger(mmd) && mmd >= 1 && mmd <= 31_622_400 ? { mmd } : {}
}

function parsed(bytes: Uint8Array, place: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>
  } catch {}
  throw usageError(`${place} is no description of a log (log.v3.json)`)
}
