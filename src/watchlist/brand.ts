import { CtStreamError } from '../errors.js'
import { objectOption, optionError } from '../util/options.js'
import { brandOfLine } from './brand-line.js'
import type { ListLine } from './list-line.js'
import type { Brand } from './options.js'
import { domainOf } from './own-rule.js'
import { entryOf, optionPlace, type Place } from './place.js'

/** Checked: names as `dnsNames` has them, lower case. */
export interface CheckedBrand {
  readonly name: string
  readonly tokens: readonly string[]
  readonly domains: readonly string[]
  readonly allow: readonly string[]
}

const MAX_BRANDS = 20_000
const MAX_LISTED = 100
const MAX_DOMAINS = 10_000

/**
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, naming the brand's place, such as `brands[3].tokens[0]`; `CT_WATCHLIST_INVALID` for one
 * of a list, naming file and line.
 */
export function checkedBrands(brands: readonly (Brand | ListLine)[] | undefined): CheckedBrand[] {
  if (brands === undefined) return []
  if (!Array.isArray(brands) || brands.length > MAX_BRANDS)
    throw optionError('brands', `an array of at most ${MAX_BRANDS}`, brands)
  const names = new Map<string, string>()
  return brands.map((entry, i) => {
    const option = `brands[${i}]`
    if (!isLine(entry)) return checkedBrand(option, option, entry, names)
    const { file, line } = entry
    entryOf(option, entry)
    const value = brandOfLine(entry)
    try {
      return checkedBrand('brand', `${file}:${line}`, value, names)
    } catch (cause) {
      if (!CtStreamError.is(cause)) throw cause
      throw new CtStreamError('CT_WATCHLIST_INVALID', `${file}:${line}: ${cause.message}`, { cause })
    }
  })
}

function isLine(entry: Brand | ListLine): entry is ListLine {
  return typeof entry === 'object' && entry !== null && 'text' in entry && 'line' in entry
}

/** @param names - Those before, each with its place; it is added to them. */
function checkedBrand(option: string, place: string, value: unknown, names: Map<string, string>): CheckedBrand {
  const brand = objectOption<Brand>(option, value, ['name', 'tokens', 'domains', 'allow'])
  const { name } = brand
  if (typeof name !== 'string' || name.trim() === '' || name.length > 200)
    throw optionError(`${option}.name`, 'a text of 1 to 200 characters', name)
  const other = names.get(name)
  if (other !== undefined)
    throw new CtStreamError(
      'CT_OPTION_INVALID',
      `option \`${option}.name\` is that of \`${other}\` too; give each brand once, with all its tokens`,
    )
  names.set(name, place)
  return {
    name,
    tokens: [...new Set(listOf(`${option}.tokens`, brand.tokens, 1, MAX_LISTED, tokenOf))],
    domains: [...new Set(listOf(`${option}.domains`, brand.domains, 0, MAX_DOMAINS, domainOption))],
    allow: [...new Set(listOf(`${option}.allow`, brand.allow ?? [], 0, MAX_DOMAINS, domainOption))],
  }
}

function listOf(
  option: string,
  value: unknown,
  least: number,
  most: number,
  check: (option: string, value: unknown) => string,
): string[] {
  if (!Array.isArray(value) || value.length < least || value.length > most)
    throw optionError(option, `an array of ${least} to ${most}`, value)
  return value.map((one, i) => check(`${option}[${i}]`, one))
}

function tokenOf(option: string, value: unknown): string {
  const token = typeof value === 'string' ? value.trim().toLowerCase() : ''
  const isToken =
    token.length >= 2 && token.length <= 63 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(token) && /[a-z]/.test(token)
  if (!isToken) throw optionError(option, 'a word of 2 to 63 letters, digits and single hyphens, with a letter', value)
  return token
}

function domainOption(option: string, value: unknown): string {
  if (typeof value !== 'string') throw optionError(option, 'a domain name', value)
  return parseDomain(optionPlace(option), value)
}

/** A leading `*.` is no matter: all below a domain is its owner's. */
export function parseDomain(place: Place, text: string): string {
  const domain = domainOf(text.trim().replace(/^\*\./, ''))
  if (domain === undefined) throw place.refuse("a domain name such as 'example.com'", text)
  return domain
}
