const INDEX_BITS = 14
const REGISTERS = 2 ** INDEX_BITS
/** Bits of the 64-bit hash beyond those that choose the register. */
const REST_BITS = 64 - INDEX_BITS

/**
 * Estimates how many different items were added: a HyperLogLog of 16 KiB, whatever their number.
 *
 * The estimate has a standard error of {@link DistinctCount.error}: two of three estimates are closer, 99.7 % are closer than three times it.
 *
 * @see Ertl, New cardinality estimation algorithms for HyperLogLog sketches, 2017, section 4
 */
export class DistinctCount {
  /** Standard error, relative: 0.81 %. */
  static readonly error = 1.04 / Math.sqrt(REGISTERS)
  private readonly registers = new Uint8Array(REGISTERS)

  /** @param high - 32 bits of a hash, `low` 32 more. */
  add(high: number, low: number): void {
    const index = high >>> (32 - INDEX_BITS)
    const rest = (high << INDEX_BITS) >>> 0
    const zeros = rest === 0 ? 32 - INDEX_BITS + Math.clz32(low) : Math.clz32(rest)
    if (zeros + 1 > (this.registers[index] as number)) this.registers[index] = zeros + 1
  }

  /** Rounded to a whole number. */
  estimate(): number {
    const counts = new Float64Array(REST_BITS + 2)
    for (const value of this.registers) counts[value] = (counts[value] as number) + 1
    let sum = REGISTERS * tau(1 - (counts[REST_BITS + 1] as number) / REGISTERS)
    for (let value = REST_BITS; value >= 1; value--) sum = (sum + (counts[value] as number)) / 2
    sum += REGISTERS * sigma((counts[0] as number) / REGISTERS)
    return Math.round((REGISTERS * REGISTERS) / (2 * Math.LN2 * sum))
  }
}

function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY
  let [power, weight, sum, before] = [share, 1, share, -1]
  while (sum !== before) {
    power *= power
    before = sum
    sum += power * weight
    weight += weight
  }
  return sum
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0
  let [root, weight, sum, before] = [share, 1, 1 - share, -1]
  while (sum !== before) {
    root = Math.sqrt(root)
    before = sum
    weight /= 2
    sum -= (1 - root) ** 2 * weight
  }
  return sum / 3
}
