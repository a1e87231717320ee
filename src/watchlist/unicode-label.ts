import { domainToUnicode } from 'node:url'
import { Skeletons } from './skeleton.js'

/** Most readings of one label, and longest label that is read: what `xn--` can hold is longer than anybody's brand. */
const MAX_READINGS = 16
const MAX_LABEL = 48

/** What looks like more than one letter, or like another than the one of UTS 39; by what NFD and the table make of it. */
const ALSO: readonly (readonly [RegExp, string])[] = [
  [/[\u04cf\u04c0]/gu, 'i'], // ӏ: an l for UTS 39
  [/\u00fe/gu, 'b'], // þ: a p for UTS 39
  [/\u0153/gu, 'ce'], // œ: oe for UTS 39
]

/**
 * What a label of another script looks like in the letters of brands.
 */
export class UnicodeLabels {
  private readonly skeletons = new Skeletons()

  /**
   * @param label - An A-label, `xn--…`.
   * @returns Its text, and what that looks like in lower-case ASCII letters, digits and hyphens, without the rest; none when it is no
   * A-label that decodes.
   */
  readings(label: string): { readonly text: string; readonly plain: string }[] {
    const text = domainToUnicode(label)
    if (text === '' || text === label || [...text].length > MAX_LABEL) return []
    let texts = [text]
    for (const [odd, instead] of ALSO) {
      const other = text.search(odd) < 0 ? [] : texts.map((reading) => reading.replace(odd, instead))
      texts = [...texts, ...other].slice(0, MAX_READINGS)
    }
    return [...new Set(texts.map((reading) => this.plain(reading)))].map((plain) => ({ text, plain }))
  }

  /** Skeleton without accents and what else stands above or below letters. */
  private plain(text: string): string {
    // A skeleton may hold a full stop; it is one label all the same.
    return this.skeletons
      .of(text)
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '')
  }
}
