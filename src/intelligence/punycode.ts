const BASE = 36
const T_MIN = 1
const T_MAX = 26
const SKEW = 38
const DAMP = 700
const LAST_CODE_POINT = 0x10ffff

/**
 * Decodes the part of a label after `xn--`; `undefined` when it is no valid Punycode, or has an invalid code point.
 *
 * Not by `domainToUnicode`, which also refuses labels that IDNA forbids, without telling the two apart.
 *
 * @param text - Lower case, no longer than a label: decoding takes quadratic time.
 * @see RFC 3492 section 6.2
 */
export function decodePunycode(text: string): string | undefined {
  if (text.length === 0 || text.length > 63 || /[^a-z0-9-]/.test(text)) return undefined
  const basic = text.lastIndexOf('-')
  const output = Array.from(text.slice(0, Math.max(0, basic)), (character) => character.charCodeAt(0))
  let [codePoint, i, bias] = [128, 0, 72]
  for (let at = basic + 1; at < text.length; ) {
    const before = i
    for (let weight = 1, k = BASE; ; k += BASE) {
      const digit = digitOf(text.charCodeAt(at++))
      if (digit === undefined) return undefined
      i += digit * weight
      const t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias
      if (digit < t) break
      weight *= BASE - t
      if (i > Number.MAX_SAFE_INTEGER / BASE || weight > Number.MAX_SAFE_INTEGER / BASE) return undefined
    }
    const count = output.length + 1
    bias = adapted(i - before, count, before === 0)
    codePoint += Math.floor(i / count)
    i %= count
    if (codePoint > LAST_CODE_POINT || (codePoint >= 0xd800 && codePoint < 0xe000)) return undefined
    output.splice(i++, 0, codePoint)
  }
  return String.fromCodePoint(...output)
}

function digitOf(code: number): number | undefined {
  if (code >= 0x61 && code <= 0x7a) return code - 0x61
  return code >= 0x30 && code <= 0x39 ? code - 0x30 + 26 : undefined
}

function adapted(delta: number, count: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2))
  rest += Math.floor(rest / count)
  let k = 0
  for (; rest > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) rest = Math.floor(rest / (BASE - T_MIN))
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW))
}
