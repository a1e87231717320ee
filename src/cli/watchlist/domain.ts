import { CtStreamError } from '../../errors.js'
import { suggest } from '../../util/suggest.js'
import { parseOwnRule } from '../../watchlist/own-rule.js'
import { optionPlace } from '../../watchlist/place.js'
import { hasListedSuffix, isIcannSuffix, isPrivateSuffix, splitName } from '../../watchlist/suffix.js'
import { usageError } from '../flags/usage-error.js'

/** A name to watch, as the user gave it. */
export interface WatchedName {
  /** As a rule of the watchlist: `example.com`, `=mail.example.com`, `*.example.com`, `ip:192.0.2.0/24`. */
  readonly rule: string
  /** The domain without `=` or `*.`; `undefined` for addresses. */
  readonly domain: string | undefined
  /** The likely brand name of this domain: `example` for `www.example.co.uk`. */
  readonly label: string | undefined
}

const BOUND =
  'a domain (example.com: it and all below; =example.com: only it; *.example.com: only below; ip:192.0.2.0/24)'
const ELSEWHERE = '; if you mean it, put it into a file for --list, whose names are not checked in this way'
/** Likely corrections of misspelled top-level domains. */
const common = ['com', 'net', 'org', 'de', 'uk', 'io', 'dev', 'app', 'eu', 'info', 'fr', 'nl', 'ch', 'jp', 'us', 'ai']

/**
 * Parses and checks a name to watch. Stricter than for files, because watching a name that cannot exist means watching nothing.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, with a suggestion where possible.
 */
export function watchedName(text: string): WatchedName {
  const rule = text.trim().toLowerCase()
  let parsed: ReturnType<typeof parseOwnRule>
  try {
    parsed = parseOwnRule(optionPlace('domain'), rule)
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    throw refusal(text, nearMiss(rule))
  }
  if (parsed.kind === 'ip') return { rule, domain: undefined, label: undefined }
  const { name } = parsed
  if (!name.includes('.')) throw refusal(text, isIcannSuffix(name) && hasListedSuffix(name) ? undefined : `${name}.com`)
  if (!hasListedSuffix(name)) {
    const end = name.slice(name.lastIndexOf('.') + 1)
    const meant = common.find((one) => lettersOf(one) === lettersOf(end)) ?? suggest(end, common)
    const hint = meant === undefined ? '' : `, did you mean ${name.slice(0, -end.length)}${meant}?`
    throw usageError(
      `${JSON.stringify(text)}: there is no .${end} on the public internet${hint === '' ? ELSEWHERE : hint}`,
    )
  }
  if (isIcannSuffix(name) || isPrivateSuffix(name))
    throw usageError(
      `${JSON.stringify(text)}: below ${name} everybody has names, and all of them would be alerts${ELSEWHERE}`,
    )
  const { domainAt, suffixAt } = splitName(name)
  return { rule, domain: name, label: name.slice(domainAt, suffixAt - 1) }
}

const lettersOf = (text: string) => [...text].sort().join('')

function refusal(text: string, meant: string | undefined) {
  const hint = meant === undefined ? '' : `: did you mean ${meant}?`
  return usageError(`ct-stream watch takes ${BOUND}, got ${JSON.stringify(text)}${hint}`)
}

/** The likely intention: the domain in a URL or an e-mail address, or `*.` for a leading dot. */
function nearMiss(text: string): string | undefined {
  const host =
    /^[a-z]+:\/\/(?:[^/?#]*@)?([^/?#:]+)/.exec(text)?.[1] ??
    /@([^@\s]+)$/.exec(text)?.[1] ??
    /^([^/:\s]+)[/:]/.exec(text)?.[1] ??
    (text.startsWith('.') ? `*${text}` : undefined)
  if (host === undefined) return undefined
  try {
    return watchedName(host).rule
  } catch {
    return undefined
  }
}
