import { CtStreamError } from '../../errors.js'
import type { Finding, Severity } from '../../types/finding.js'
import type { Command, CommandContext } from '../command.js'
import { type Flag, jsonFlag } from '../flags/flags.js'
import { usageError } from '../flags/usage-error.js'
import { sinceFrom } from '../flags/when.js'
import { Output } from '../terminal/output.js'
import { formatCount } from '../terminal/quantities.js'
import { reporter } from '../terminal/report.js'
import { type Style, styleFor } from '../terminal/style.js'
import { type Column, jsonLines, tableText, widthFor } from '../terminal/table.js'

const DEFAULT_FILE = 'findings.db'
const DEFAULT_LIMIT = 1000
const MOST_LIMIT = 999_999
/** Most names of a certificate to show; it can have thousands. */
const SHOWN_NAMES = 5

const flags: readonly Flag[] = [
  {
    name: 'db',
    type: 'text',
    value: 'FILE|URL',
    help: `database of the output sqlite (default ${DEFAULT_FILE}), or the postgres:// URL of a --sink`,
  },
  { name: 'since', type: 'text', value: 'WHEN', help: 'first seen within 12h, 30d, or since a time' },
  { name: 'new', type: 'switch', help: 'names that were in no certificate before, with --db postgres://…' },
  { name: 'registrable', type: 'switch', help: 'the whole registrable domain of NAME, by the public suffix list' },
  { name: 'limit', type: 'text', value: 'N', short: 'n', help: `the newest N findings (default ${DEFAULT_LIMIT})` },
  jsonFlag,
]

/** `ct-stream search`: what the output sqlite has kept, by name. */
export const search: Command = {
  name: 'search',
  summary:
    'Findings of the output sqlite, or certificates of a sink, by name: example.com (and all below), =example.com, *.example.com.',
  positionals: ['name'],
  flags,
  examples: [
    ["ct-stream search '*.example.com' --since 30d", 'what was found below a domain in the last month, newest first'],
    [
      "ct-stream search '*.example.com' --new --since 7d --db URL",
      'host names of a domain that were not there a week ago',
    ],
    ['ct-stream search www.example.co.uk --registrable --json', 'all of example.co.uk, for a program'],
  ],
  run: showFindings,
}

async function showFindings(context: CommandContext): Promise<void> {
  const { io, values, positionals } = context
  const pattern = await patternFrom(positionals[0] ?? '', values.switch('registrable'))
  const since = sinceFrom(values, io.clock.now())
  const limit = values.integer('limit', 1, MOST_LIMIT) ?? DEFAULT_LIMIT
  const file = values.text('db') ?? DEFAULT_FILE
  if (/^postgres(?:ql)?:\/\//.test(file)) {
    const request = { context, url: file, pattern, since, limit }
    return values.switch('new') ? showNewNames(request) : showCertificates(request)
  }
  if (values.switch('new')) throw usageError('--new needs the database of a sink: --db postgres://…')
  const { openFindingsToRead, search } = await import('../../outputs/sqlite.js')
  const db = await openFindingsToRead(file)
  let found: readonly Finding[]
  try {
    // One more than the limit shows whether there are more.
    found = search(db, pattern, { limit: limit + 1, ...(since !== undefined && { since }) })
  } catch (error) {
    throw patternError(error, pattern)
  } finally {
    db.close()
  }
  await show(context, found, limit, (style) => columnsFor(pattern, style))
}

/** Prints findings. @param found - One more than the limit, where there are more. */
async function show<T extends object>(
  { io, values }: CommandContext,
  found: readonly T[],
  limit: number,
  columns: (style: Style) => readonly Column<T>[],
): Promise<void> {
  const shown = found.slice(0, limit)
  const style = styleFor(io.stdout, io.env)
  const text = values.switch('json')
    ? jsonLines(shown)
    : tableText(shown, columns(style), style, widthFor(io.stdout)) || 'nothing was found\n'
  await new Output(io.stdout).write(text, io.stop)
  if (found.length > limit)
    reporter(io.stderr, 'warn', styleFor(io.stderr, io.env)).warn(
      `only the newest ${formatCount(limit)} are shown: --limit for more`,
    )
}

interface Request {
  readonly context: CommandContext
  readonly url: string
  readonly pattern: string
  readonly since: Date | undefined
  readonly limit: number
}

async function showCertificates({ context, url, pattern, since, limit }: Request): Promise<void> {
  const { searchCertificates } = await import('../../sinks/postgres.js')
  const options = { limit: limit + 1, ...(since !== undefined && { since }) }
  const found = await searchCertificates(url, pattern, options).catch((error) => {
    throw patternError(error, pattern)
  })
  await show(context, found, limit, () => [
    { title: 'FIRST SEEN', isWhole: true, text: ({ firstSeen }) => minuteOf(firstSeen.toISOString()) },
    { title: 'KIND', text: ({ kind }) => kind },
    { title: 'NAMES', text: ({ names }) => namesText(names, pattern) },
    { title: 'ISSUER', text: ({ issuer }) => issuer },
    { title: 'NOT AFTER', text: ({ notAfter }) => notAfter?.toISOString().slice(0, 10) },
    { title: 'SHA-256', text: ({ sha256 }) => sha256 },
  ])
}

async function showNewNames({ context, url, pattern, since, limit }: Request): Promise<void> {
  const { newNames } = await import('../../sinks/postgres.js')
  const options = { limit: limit + 1, ...(since !== undefined && { since }) }
  const found = await newNames(url, pattern, options).catch((error) => {
    throw patternError(error, pattern)
  })
  await show(context, found, limit, () => [
    { title: 'FIRST SEEN', isWhole: true, text: ({ firstSeen }) => minuteOf(firstSeen.toISOString()) },
    { title: 'NAME', text: ({ name }) => name },
    { title: 'SHA-256', text: ({ sha256 }) => sha256 },
  ])
}

const minuteOf = (time: string) => `${time.slice(0, 16).replace('T', ' ')}Z`

const PATTERN_BOUND = 'example.com (it and all below), =example.com (only it) or *.example.com (only below)'

/** Turns the error for an invalid pattern into one of the command line; passes any other error on. */
function patternError(error: unknown, pattern: string): unknown {
  const isOfPattern = CtStreamError.is(error) && error.code === 'CT_OPTION_INVALID' && /`pattern`/.test(error.message)
  return isOfPattern ? usageError(`<name> must be ${PATTERN_BOUND}, got ${JSON.stringify(pattern)}`) : error
}

/** The name as `search` takes it. */
async function patternFrom(name: string, isRegistrable: boolean): Promise<string> {
  if (!isRegistrable) return name
  const { registrableDomain } = await import('../../watchlist/suffix.js')
  const plain = name.toLowerCase().replace(/^(?:=|\*\.)/, '')
  const domain = registrableDomain(plain)
  if (domain === undefined)
    throw usageError(`--registrable: ${JSON.stringify(plain)} is a public suffix, and no domain`)
  return domain
}

function columnsFor(pattern: string, style: Style): readonly Column<Finding>[] {
  return [
    { title: 'FIRST SEEN', isWhole: true, text: ({ firstSeen }) => minuteOf(firstSeen) },
    {
      title: 'SEVERITY',
      text: ({ severity }) => severity,
      paint: (text, { severity }) => paintOf(severity, style)(text),
    },
    { title: 'KIND', text: ({ module, kind }) => (module === kind ? kind : `${module}: ${kind}`) },
    { title: 'NAMES', text: ({ certificate: { dnsNames } }) => namesText(dnsNames, pattern) },
    { title: 'ISSUER', text: ({ certificate: { issuer } }) => issuer?.organization ?? issuer?.text },
    { title: 'REASON', text: ({ reasons }) => reasons[0]?.text },
  ]
}

/** The names of a certificate, those that match first. */
function namesText(names: readonly string[], pattern: string): string | undefined {
  if (names.length === 0) return undefined
  const base = pattern.toLowerCase().replace(/^(?:=|\*\.)|\.$/g, '')
  const isMeant = (name: string) => name === base || name.endsWith(`.${base}`)
  const sorted = [...names.filter(isMeant), ...names.filter((name) => !isMeant(name))]
  const rest = sorted.length - SHOWN_NAMES
  return `${sorted.slice(0, SHOWN_NAMES).join(' ')}${rest > 0 ? ` and ${formatCount(rest)} more` : ''}`
}

function paintOf(severity: Severity, style: Style): (text: string) => string {
  if (severity === 'critical' || severity === 'high') return style.red
  return severity === 'medium' ? style.yellow : style.dim
}
