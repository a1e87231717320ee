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

const defaultFile = 'findings.db'
const defaultLimit = 1000
const mostLimit = 999_999
/** Names of a certificate that are shown; it can have thousands. */
const shownNames = 5

const flags: readonly Flag[] = [
  { name: 'db', type: 'text', value: 'FILE', help: `database of the output sqlite (default ${defaultFile})` },
  { name: 'since', type: 'text', value: 'WHEN', help: 'first seen within 12h, 30d, or since a time' },
  { name: 'registrable', type: 'switch', help: 'the whole registrable domain of NAME, by the public suffix list' },
  { name: 'limit', type: 'text', value: 'N', short: 'n', help: `the newest N findings (default ${defaultLimit})` },
  jsonFlag,
]

/** `ct-stream search`: what the output sqlite has kept, by name. */
export const search: Command = {
  name: 'search',
  summary: 'Findings kept by the output sqlite, by name: example.com (and all below), =example.com, *.example.com.',
  positionals: ['name'],
  flags,
  examples: [
    ["ct-stream search '*.example.com' --since 30d", 'what was found below a domain in the last month, newest first'],
    ['ct-stream search www.example.co.uk --registrable --json', 'all of example.co.uk, for a program'],
  ],
  run: showFindings,
}

async function showFindings({ io, values, positionals }: CommandContext): Promise<void> {
  const pattern = await patternFrom(positionals[0] ?? '', values.switch('registrable'))
  const since = sinceFrom(values, io.clock.now())
  const limit = values.integer('limit', 1, mostLimit) ?? defaultLimit
  const { openFindingsToRead, search } = await import('../../outputs/sqlite.js')
  const db = await openFindingsToRead(values.text('db') ?? defaultFile)
  let found: readonly Finding[]
  try {
    // One more says whether there are more.
    found = search(db, pattern, { limit: limit + 1, ...(since !== undefined && { since }) })
  } catch (error) {
    throw isPatternError(error) ? usageError(`<name> must be ${patternBound}, got ${JSON.stringify(pattern)}`) : error
  } finally {
    db.close()
  }
  const shown = found.slice(0, limit)
  const style = styleFor(io.stdout, io.env)
  const text = values.switch('json')
    ? jsonLines(shown)
    : tableText(shown, columnsFor(pattern, style), style, widthFor(io.stdout)) || 'nothing was found\n'
  await new Output(io.stdout).write(text, io.stop)
  if (found.length > limit)
    reporter(io.stderr, 'warn', styleFor(io.stderr, io.env)).warn(
      `only the newest ${formatCount(limit)} are shown: --limit for more`,
    )
}

const patternBound = 'example.com (it and all below), =example.com (only it) or *.example.com (only below)'

function isPatternError(error: unknown): boolean {
  return CtStreamError.is(error) && error.code === 'CT_OPTION_INVALID'
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
    { title: 'FIRST SEEN', isWhole: true, text: ({ firstSeen }) => `${firstSeen.slice(0, 16).replace('T', ' ')}Z` },
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

/** Those that were searched for come first. */
function namesText(names: readonly string[], pattern: string): string | undefined {
  if (names.length === 0) return undefined
  const base = pattern.toLowerCase().replace(/^(?:=|\*\.)|\.$/g, '')
  const isMeant = (name: string) => name === base || name.endsWith(`.${base}`)
  const sorted = [...names.filter(isMeant), ...names.filter((name) => !isMeant(name))]
  const rest = sorted.length - shownNames
  return `${sorted.slice(0, shownNames).join(' ')}${rest > 0 ? ` and ${formatCount(rest)} more` : ''}`
}

function paintOf(severity: Severity, style: Style): (text: string) => string {
  if (severity === 'critical' || severity === 'high') return style.red
  return severity === 'medium' ? style.yellow : style.dim
}
