const MAX_VALUES = 100_000
const MAX_DEPTH = 32

/**
 * Whether JSON is small enough for `JSON.parse`: at most 32 levels deep, with at most 100,000 values, names and empty arrays or
 * objects. Linear, allocates nothing, and does not check the syntax.
 * @returns `undefined` when it is, else what is too much.
 */
export function oversizeOf(json: Uint8Array): string | undefined {
  let values = 1
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case 0x22:
        for (at++; at < json.length && json[at] !== 0x22; at++) if (json[at] === 0x5c) at++
        break
      case 0x5b: // [
      case 0x7b: // {
        values++
        if (++depth > MAX_DEPTH) return `nests deeper than ${MAX_DEPTH}`
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth--
        break
      case 0x2c: // ,
      case 0x3a: // :
        values++
        break
    }
    if (values > MAX_VALUES) return `has more than ${MAX_VALUES} values`
  }
  return undefined
}
