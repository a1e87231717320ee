import { domainToUnicode } from 'node:url'
import { Skeletons } from './skeleton.js'
import { TWINS } from './twins.js'

/** Most readings of one label, and longest label that is read: none in the DNS is longer (RFC 1035 section 2.3.4). */
const MAX_READINGS = 16
const MAX_LABEL = 63

/** What looks like more than one letter, or like another than the one of the tables; in NFD. */
const ALSO: readonly (readonly [RegExp, string])[] = [
  [/[\u04cf\u04c0]/gu, 'i'], // ӏ: an l for UTS 39
  [/[\u0271\u1d6f\u{11700}\u{118e3}]/gu, 'm'], // ɱ: rn for UTS 39, as m is
  [/\u00fe/gu, 'b'], // þ: a p for UTS 39
  [/\u0153/gu, 'ce'], // œ: oe for UTS 39
  [/[\u028b\u03c5\u1d8c]/gu, 'v'], // ʋ: a u for UTS 39
  [/[\u0438\u0377\u1d0e]/gu, 'u'], // и: an n, too
  [/\u00df/gu, 'ss'], // ß: a b, too
  [/\u03c2/gu, 's'], // ς: a c, too
  [/\u0493/gu, 'f'], // ғ: an r for UTS 39
  [/\u028c/gu, 'v'], // ʌ: an a, too
]
/** Two letters that look like one, each pair a reading of its own. */
const PAIRS: readonly (readonly [RegExp, string])[] = [
  [/rn/g, 'm'],
  [/vv/g, 'w'],
  [/cl/g, 'd'],
]

/** What a label looks like. */
export interface LabelReading {
  /** What it shows. */
  readonly text: string
  /** In lower-case ASCII letters, digits and hyphens, without the rest. */
  readonly plain: string
  /** Two letters were read as one as well. */
  readonly hasPair: boolean
}

/**
 * What a label of another script looks like in the letters of brands.
 */
export class UnicodeLabels {
  private readonly skeletons = new Skeletons()

  /** What an A-label, `xn--…`, shows; `undefined` when it is none that decodes. */
  textOf(label: string): string | undefined {
    const text = label.length > MAX_LABEL ? '' : domainToUnicode(label)
    return text === '' || text === label ? undefined : text
  }

  /**
   * @param label - An A-label, `xn--…`.
   * @returns The likeliest first; none when it is no A-label that decodes.
   */
  readings(label: string): LabelReading[] {
    const text = this.textOf(label)
    if (text === undefined) return []
    const texts = withOthers([text.normalize('NFD')], ALSO)
    const plain = [...new Set(texts.map((reading) => this.plain(reading)))]
    const all = [...new Set(withOthers(plain, PAIRS))]
    return all.map((reading, i) => ({ text, plain: reading, hasPair: i >= plain.length }))
  }

  /**
   * Each character by the table of UTS 39, or as the letter it is the twin of. Those of ASCII stay: the table has `rn` for `m`, to compare
   * texts that have both been through it, and brands are compared as they are. Without accents and what else stands above or below letters.
   */
  private plain(text: string): string {
    let plain = ''
    for (const char of this.skeletons.ofOthers(text)) plain += TWINS.get(char.codePointAt(0) as number) ?? char
    // A skeleton may hold a full stop; it is one label all the same.
    return plain.toLowerCase().replace(/[^a-z0-9-]+/g, '')
  }
}

/** With the readings that replacements make of them; those of the first replacements when there are too many. */
function withOthers(first: readonly string[], replacements: readonly (readonly [RegExp, string])[]): string[] {
  let all = [...first]
  for (const [odd, instead] of replacements) {
    const others = all.filter((text) => text.search(odd) >= 0).map((text) => text.replace(odd, instead))
    all = [...all, ...others].slice(0, MAX_READINGS)
  }
  return all
}
