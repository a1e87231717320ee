import { fileURLToPath } from 'node:url'
import { CtStreamError } from '../errors.js'
import type { LogList } from '../types/log-list.js'
import { optionError } from '../util/options.js'
import { defaultLogLists, listName } from './defaults.js'
import { isLoopbackHost } from './hosts.js'

/** One list of the option `logList`, settled. `name` is what it is called in `ListedLog.lists` and in problems. */
export type ListOrigin =
  | { readonly kind: 'url'; readonly name: string; readonly url: string }
  | { readonly kind: 'file'; readonly name: string; readonly path: string }
  | { readonly kind: 'json'; readonly name: string; readonly json: unknown }

/**
 * Settles the option `logList`: one list or several, the most trusted first. Default: Chrome's, then Apple's.
 *
 * A string with a scheme is a URL (`https:`, `file:`, or `http:` on this machine), any other string a file path.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for anything else, an empty array, or a list named twice.
 */
export function listOrigins(
  value: unknown,
  options: { readonly name?: string; readonly allowHttp?: boolean } = {},
): readonly ListOrigin[] {
  const { name = 'logList', allowHttp = false } = options
  const inputs: readonly unknown[] = value === undefined ? defaultLogLists : Array.isArray(value) ? value : [value]
  if (inputs.length === 0) throw optionError(name, 'at least one log list', value)
  let given = 0
  const origins = inputs.map((input, i) => {
    const at = Array.isArray(value) ? `${name}[${i}]` : name
    if (typeof input === 'string') return stringOrigin(at, input, allowHttp)
    if (input instanceof URL) return urlOrigin(at, input, allowHttp)
    const origin = jsonOrigin(at, input, given)
    given += 1
    return origin
  })
  const names = origins.map((origin) => (origin.kind === 'url' ? origin.url : origin.name))
  const twice = names.find((item, i) => names.indexOf(item) !== i)
  if (twice !== undefined)
    throw new CtStreamError('CT_OPTION_INVALID', `option \`${name}\` names ${JSON.stringify(twice)} twice`)
  return origins
}

function stringOrigin(at: string, value: string, allowHttp: boolean): ListOrigin {
  if (value === '' || value.includes('\0')) throw optionError(at, 'an https URL or a file path', value)
  if (/^\s*\{/.test(value))
    throw new CtStreamError(
      'CT_OPTION_INVALID',
      `option \`${at}\` must be a URL, a path or parsed JSON; it is JSON text`,
    )
  // Two letters at least: `C:\lists\all.json` is a path.
  if (!/^[a-z][a-z0-9+.-]+:/i.test(value)) return { kind: 'file', name: value, path: value }
  if (!URL.canParse(value)) throw optionError(at, 'an https URL or a file path', value)
  return urlOrigin(at, new URL(value), allowHttp)
}

function urlOrigin(at: string, url: URL, allowHttp: boolean): ListOrigin {
  if (url.protocol === 'file:') return fileOrigin(at, url)
  const http = url.protocol === 'http:' && (allowHttp || isLoopbackHost(url.hostname))
  if (url.protocol !== 'https:' && !http)
    throw optionError(at, 'an https URL (http only for this machine) or a file path', url.href)
  if (url.username !== '' || url.password !== '') throw optionError(at, 'a URL without user and password', url.host)
  const href = url.href.slice(0, url.href.length - url.hash.length)
  return { kind: 'url', name: listName(href), url: href }
}

function fileOrigin(at: string, url: URL): ListOrigin {
  try {
    const path = fileURLToPath(url)
    return { kind: 'file', name: path, path }
  } catch {
    throw optionError(at, 'a file: URL of this machine', url.href)
  }
}

function jsonOrigin(at: string, value: unknown, given: number): ListOrigin {
  if (typeof value !== 'object' || value === null || !Array.isArray((value as Partial<LogList>).operators))
    throw optionError(at, 'a URL, a file path, or a parsed log list (an object with `operators`)', value)
  return { kind: 'json', name: given === 0 ? 'given' : `given-${given + 1}`, json: value }
}
