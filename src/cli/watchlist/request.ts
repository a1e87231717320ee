import type { ListName } from '../../modules/watched-lists.js'
import type { WatchlistModuleOptions } from '../../modules/watchlist.js'
import { brandTokens } from '../../watchlist/brand-token.js'
import { usageError } from '../flags/usage-error.js'
import type { Values } from '../flags/values.js'
import { type WatchedName, watchedName } from './domain.js'

/** A module of this package, in the form of a config file. */
export interface OwnSpec {
  readonly module: string
  readonly options: object
}

/** The rules and outputs of a `ct-stream watch` command line. */
export interface WatchRequest {
  readonly rules: WatchlistModuleOptions
  /** Outputs, each with its flag; stdout when there are none. */
  readonly outputs: readonly { readonly spec: OwnSpec; readonly from: string }[]
}

/** Shortest brand: shorter words occur in too many names. */
const MIN_BRAND = 4

/**
 * @param domains - Domains of the command line.
 * @param files - Lists beside those of `--list`.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag.
 */
export function watchRequest(values: Values, domains: readonly string[], files: readonly string[] = []): WatchRequest {
  const names = domains.map(watchedName)
  const brandLists = values.list('brand-list').map((from) => `brands:${from}`)
  const lists = listsFrom([...files, ...values.list('list'), ...brandLists])
  const brands = brandsFrom(values, names, lists)
  if (names.length === 0 && brands.length === 0 && Object.keys(lists).length === 0)
    throw usageError(
      'ct-stream watch needs a domain of yours, such as ct-stream watch example.com; or --brand, --brand-list or --list',
    )
  const [allow, issuers] = [values.list('allow'), values.list('expected-issuer')]
  return {
    rules: {
      ...(names.length > 0 && { own: names.map(({ rule }) => rule) }),
      ...(brands.length > 0 && { brands }),
      ...(allow.length > 0 && { allow: [...allow] }),
      ...(issuers.length > 0 && { issuers: [...issuers] }),
      ...(Object.keys(lists).length > 0 && { lists }),
      ...(values.has('score') && { lookalikeScore: values.integer('score', 0, 100) }),
    },
    outputs: outputsFrom(values),
  }
}

type Brands = NonNullable<WatchlistModuleOptions['brands']>
type Lists = NonNullable<WatchlistModuleOptions['lists']>

/** The named brands; if there are none, and no list has any, the first words of the domains. */
function brandsFrom(values: Values, names: readonly WatchedName[], lists: Lists): Brands {
  const domains = [...new Set(names.flatMap(({ domain }) => domain ?? []))]
  const given = values.list('brand')
  if (given.length > 0)
    return given.filter((name) => name !== '-').map((name) => ({ name, tokens: tokensOf(values, name), domains }))
  if (lists.brands !== undefined) return []
  const labels = names.flatMap(({ label = '' }) =>
    label.length >= MIN_BRAND && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(label) ? [label] : [],
  )
  return [...new Set(labels)]
    .filter((label) => /[a-z]/.test(label))
    .map((label) => ({ name: label, tokens: [label], domains }))
}

function tokensOf(values: Values, name: string): string[] {
  const tokens = brandTokens(name)
  if (tokens.length === 0)
    values.refuse('brand', 'a name that has 2 to 63 letters a to z, as domain names have them', name)
  return tokens
}

function listsFrom(texts: readonly string[]): Lists {
  const lists: Record<string, string[]> = {}
  for (const text of texts) {
    const { list, from } = listOf(text)
    lists[list] = [...(lists[list] ?? []), from]
  }
  return lists
}

/** `brands:FILE`, `words:FILE`, `patterns:FILE`, `own:FILE`, or a file of own names. */
function listOf(text: string): { readonly list: ListName; readonly from: string } {
  const [, list = 'own', from = text] = /^(own|brands|words|patterns):(.+)$/.exec(text) ?? []
  return { list: list as ListName, from }
}

function outputsFrom(values: Values): WatchRequest['outputs'] {
  const outputs: { spec: OwnSpec; from: string }[] = []
  const add = (flag: string, module: string, options: object) =>
    outputs.push({ spec: { module: `ct-stream/outputs/${module}`, options }, from: values.from(flag) })
  const [url, file, program] = [values.text('webhook'), values.text('jsonl'), values.text('exec')]
  if (url !== undefined) add('webhook', 'webhook', { url, ...shapeOf(url) })
  if (program !== undefined) add('exec', 'command', { command: program, ...argsOf(values) })
  else if (values.has('exec-arg')) throw usageError(`${values.from('exec-arg')} goes with --exec`)
  const [to, smtp] = [values.list('mail'), values.text('smtp')]
  if (to.length > 0 && smtp === undefined)
    throw usageError(
      `${values.from('mail')} needs --smtp, or CT_STREAM_SMTP: the mail server, such as smtps://user:password@mail.example.com`,
    )
  // In the environment it may wait for another command.
  if (to.length === 0 && values.isFlag('smtp')) throw usageError('--smtp goes with --mail: whom to write to')
  if (to.length > 0) add('mail', 'smtp', { url: smtp, to })
  if (file !== undefined) add('jsonl', 'jsonl', { file })
  return outputs
}

function argsOf(values: Values): { readonly args?: readonly string[] } {
  const args = values.list('exec-arg')
  return args.length > 0 ? { args } : {}
}

/** Formats of webhooks at well-known hosts. */
function shapeOf(url: string): { readonly shape?: string } {
  const { hostname = '', pathname = '' } = URL.canParse(url) ? new URL(url) : {}
  if (hostname === 'hooks.slack.com') return { shape: 'slack' }
  if (/^(?:[a-z]+\.)?discord(?:app)?\.com$/.test(hostname) && pathname.startsWith('/api/webhooks/'))
    return { shape: 'discord' }
  if (/\.(?:webhook\.office\.com|logic\.azure\.com|powerplatform\.com)$/.test(hostname)) return { shape: 'teams' }
  return {}
}
