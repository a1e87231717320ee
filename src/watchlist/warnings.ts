import type { CheckedBrand } from './brand.js'
import type { TokenKeyword } from './brand-index.js'
import type { OwnRule } from './own-rule.js'
import { Scope } from './own-rule.js'
import { printable } from './printable.js'
import { isIcannSuffix, isPrivateSuffix } from './suffix.js'

/** More of them nobody reads. */
const MAX_WARNINGS = 1000

/** What in the lists does not do what somebody may expect; a line each. */
export function warningsOf(
  own: readonly OwnRule[],
  brands: readonly CheckedBrand[],
  tokens: readonly TokenKeyword[],
  allow: readonly string[],
): string[] {
  const warnings: string[] = []
  for (const warning of all(own, brands, tokens, allow)) {
    if (warnings.length === MAX_WARNINGS) return [...warnings, 'and more']
    warnings.push(warning)
  }
  return warnings
}

function* all(
  own: readonly OwnRule[],
  brands: readonly CheckedBrand[],
  tokens: readonly TokenKeyword[],
  allow: readonly string[],
): Generator<string> {
  for (const rule of own)
    if (rule.kind === 'name' && rule.scope !== Scope.exact) yield* suffixWarning('own', rule.name, OWN)
  for (const domain of allow) yield* suffixWarning('allow', domain, SHIELD)
  for (const { name, domains, allow: allowed } of brands)
    for (const domain of [...domains, ...allowed]) yield* suffixWarning(`brand ${printable(name)}`, domain, SHIELD)
  const owners = new Map<string, number>()
  for (const { brand, text, shown, isWord } of tokens) {
    const place = `brand ${printable(brands[brand]?.name ?? '')}: the token ${shown}`
    const owner = owners.get(text)
    if (owner !== undefined && owner !== brand)
      yield `${place} is one of ${printable(brands[owner]?.name ?? '')} too: names with it are reported for both`
    owners.set(text, brand)
    if (isWord)
      yield `${place} is a common word: it counts as a whole word or beside words that lure, and less than others`
    else if (text.length <= 3) yield `${place} is short: it counts as a whole word only, and less than others`
  }
}

const OWN = 'names of all who have one there are reported as yours'
const SHIELD = 'names of others there are searched for look-alikes all the same'

function* suffixWarning(place: string, name: string, effect: string): Generator<string> {
  if (isPrivateSuffix(name))
    yield `${place}: below ${name} strangers have names (private part of the public suffix list): ${effect}`
  else if (isIcannSuffix(name)) yield `${place}: ${name} is a public suffix: ${effect}`
}
