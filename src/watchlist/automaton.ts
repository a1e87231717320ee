/** Symbols of names: a to z, 0 to 9, hyphen, underscore, full stop; all others are 0, which no keyword has. */
const SYMBOLS = 40
/** States near the root, where nearly all steps end, have a row of their own; this many at most. */
const ROWS = 32_768
const MIX = 0x9e3779b1

const symbolOf = new Uint8Array(128)
for (const [i, char] of [...'abcdefghijklmnopqrstuvwxyz0123456789-_.'].entries()) symbolOf[char.charCodeAt(0)] = i + 1

/**
 * Finds many keywords in one pass over a text (Aho and Corasick 1975). Compact: states near the root have full rows of goto's, deeper
 * ones hashed edges, so that a hundred thousand keywords take some megabytes.
 */
export class Automaton {
  private readonly rows: Int32Array
  private readonly rowCount: number
  /** `state * SYMBOLS + symbol + 1`; 0 is free. */
  private readonly edgeKeys: Uint32Array
  private readonly edgeTargets: Int32Array
  private readonly shift: number
  private readonly fail: Int32Array
  /** Number of the keyword that ends here, or -1. */
  private readonly ends: Int32Array
  /** Nearest state by `fail` where a keyword ends, or 0. */
  private readonly nextEnd: Int32Array
  private readonly lengths: Int32Array

  /** @param keywords - Distinct, not empty, of lower-case letters, digits, `-`, `_` and `.`; the number of one is its place. */
  constructor(keywords: readonly string[]) {
    const trie = buildTrie(keywords)
    const count = trie.count
    this.lengths = Int32Array.from(keywords, (keyword) => keyword.length)
    this.rowCount = Math.min(count, ROWS)
    this.rows = new Int32Array(this.rowCount * SYMBOLS)
    this.fail = new Int32Array(count)
    this.nextEnd = new Int32Array(count)
    this.ends = trie.ends
    const bits = Math.max(4, Math.ceil(Math.log2(count * 2)))
    this.edgeKeys = new Uint32Array(2 ** bits)
    this.edgeTargets = new Int32Array(2 ** bits)
    this.shift = 32 - bits
    // States are numbered breadth first: what `fail` leads to is finished before it is needed.
    for (let state = 1; state < count; state++)
      this.insertEdge(trie.parent[state] as number, trie.symbol[state] as number, state)
    for (let state = 0; state < count; state++) {
      if (state > 0) {
        const parent = trie.parent[state] as number
        const symbol = trie.symbol[state] as number
        const fail = parent === 0 ? 0 : this.next(this.fail[parent] as number, symbol)
        this.fail[state] = fail
        this.nextEnd[state] = (this.ends[fail] as number) >= 0 ? fail : (this.nextEnd[fail] as number)
      }
      if (state < this.rowCount) this.fillRow(state)
    }
  }

  /** State before the first character. */
  get start(): number {
    return 0
  }

  /** @param code - Of a character, any. */
  step(state: number, code: number): number {
    return this.next(state, code < 128 ? (symbolOf[code] as number) : 0)
  }

  /** The longest state with a keyword that ends at `state`, itself included; 0 when there is none. */
  firstEnd(state: number): number {
    return (this.ends[state] as number) >= 0 ? state : (this.nextEnd[state] as number)
  }

  /** The next shorter one; 0 when there is none. */
  shorterEnd(state: number): number {
    return this.nextEnd[state] as number
  }

  keywordAt(endState: number): number {
    return this.ends[endState] as number
  }

  lengthOf(keyword: number): number {
    return this.lengths[keyword] as number
  }

  private next(from: number, symbol: number): number {
    let state = from
    for (;;) {
      if (state < this.rowCount) return this.rows[state * SYMBOLS + symbol] as number
      const target = this.edge(state, symbol)
      if (target > 0) return target
      state = this.fail[state] as number
    }
  }

  private edge(state: number, symbol: number): number {
    const key = state * SYMBOLS + symbol + 1
    const mask = this.edgeKeys.length - 1
    for (let slot = Math.imul(key, MIX) >>> this.shift; ; slot = (slot + 1) & mask) {
      const there = this.edgeKeys[slot]
      if (there === key) return this.edgeTargets[slot] as number
      if (there === 0) return 0
    }
  }

  private insertEdge(state: number, symbol: number, target: number): void {
    const key = state * SYMBOLS + symbol + 1
    const mask = this.edgeKeys.length - 1
    let slot = Math.imul(key, MIX) >>> this.shift
    while (this.edgeKeys[slot] !== 0) slot = (slot + 1) & mask
    this.edgeKeys[slot] = key
    this.edgeTargets[slot] = target
  }

  private fillRow(state: number): void {
    const fail = this.fail[state] as number
    for (let symbol = 1; symbol < SYMBOLS; symbol++) {
      const target = this.edge(state, symbol)
      this.rows[state * SYMBOLS + symbol] =
        target > 0 || state === 0 ? target : (this.rows[fail * SYMBOLS + symbol] as number)
    }
  }
}

interface Trie {
  readonly count: number
  readonly parent: Int32Array
  readonly symbol: Uint8Array
  readonly ends: Int32Array
}

/** Breadth first: all keywords by one character, then all by two, so that a state's number grows with its depth. */
function buildTrie(keywords: readonly string[]): Trie {
  const sorted = keywords.map((_, i) => i).sort((a, b) => compare(keywords[a] as string, keywords[b] as string))
  const total = 1 + keywords.reduce((sum, keyword) => sum + keyword.length, 0)
  const parent = new Int32Array(total)
  const symbol = new Uint8Array(total)
  const ends = new Int32Array(total).fill(-1)
  const at = new Int32Array(keywords.length)
  let count = 1
  let depth = 0
  for (let left = sorted; left.length > 0; depth++) {
    let lastParent = -1
    let lastSymbol = -1
    const deeper: number[] = []
    for (const keyword of left) {
      const text = keywords[keyword] as string
      const code = symbolOf[text.charCodeAt(depth) & 127] as number
      const from = at[keyword] as number
      if (from !== lastParent || code !== lastSymbol) {
        parent[count] = from
        symbol[count] = code
        lastParent = from
        lastSymbol = code
        count++
      }
      at[keyword] = count - 1
      if (text.length === depth + 1) ends[count - 1] = keyword
      else deeper.push(keyword)
    }
    left = deeper
  }
  return { count, parent, symbol, ends: ends.slice(0, count) }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
