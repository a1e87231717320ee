import { CtStreamError } from '../errors.js'
import { objectOption, optionError } from '../util/options.js'
import type { Brand } from './options.js'
import { domainOf } from './own-rule.js'
import { optionPlace, type Place } from './place.js'

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

/** @throws {@link CtStreamError} `CT_OPTION_INVALID`, naming the brand's place, such as `brands[3].tokens[0]`. */
export function checkedBrands(brands: readonly Brand[] | undefined): CheckedBrand[] {
  if (brands === undefined) return []
  if (!Array.isArray(brands) || brands.length > MAX_BRANDS)
    throw optionError('brands', `an array of at most ${MAX_BRANDS}`, brands)
  const names = new Map<string, number>()
  return brands.map((value, i) => {
    const option = `brands[${i}]`
    const brand = objectOption<Brand>(option, value, ['name', 'tokens', 'domains', 'allow'])
    const { name } = brand
    if (typeof name !== 'string' || name.trim() === '' || name.length > 200)
      throw optionError(`${option}.name`, 'a text of 1 to 200 characters', name)
    const other = names.get(name)
    if (other !== undefined)
      throw new CtStreamError(
        'CT_OPTION_INVALID',
        `option \`${option}.name\` is that of \`brands[${other}]\` too; give each brand once, with all its tokens`,
      )
    names.set(name, i)
    return {
      name,
      tokens: [...new Set(listOf(`${option}.tokens`, brand.tokens, 1, MAX_LISTED, tokenOf))],
      domains: [...new Set(listOf(`${option}.domains`, brand.domains, 0, MAX_DOMAINS, domainOption))],
      allow: [...new Set(listOf(`${option}.allow`, brand.allow ?? [], 0, MAX_DOMAINS, domainOption))],
    }
  })
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
