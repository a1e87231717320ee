/** Shortest literal worth looking for: shorter ones are in most names. */
const SHORTEST = 3
/** Most strings that one part of an expression is spelled out as, such as `[o0]` or `(a|b)`. */
const MOST_EXACT = 16
const LONGEST_EXACT = 64
/** Most literals of which one is required. */
const MOST_REQUIRED = 64
/** Deepest groups that are looked into. */
const DEEPEST = 50
/** Most characters of a class that are spelled out. */
const MOST_OF_CLASS = 4

const SEARCHED = /^[a-z0-9_.-]$/

/** What is known of a part of an expression: all strings that it can match, or strings of which each match has at least one. */
interface Known {
  readonly exact: readonly string[] | undefined
  readonly required: readonly string[] | undefined
}

const ANYTHING: Known = { exact: undefined, required: undefined }
const NOTHING: Known = { exact: [''], required: undefined }

/** Syntax that this reader does not know. */
class Unknown extends Error {}

/**
 * Strings of at least three lower-case letters, digits, `-`, `_` or `.`, of which every text that the expression matches, ignoring case,
 * has at least one in lower case. `undefined` when there are none, or the expression is too complicated to tell.
 *
 * @param source - An expression in RE2's syntax that compiles.
 */
export function requiredLiterals(source: string): readonly string[] | undefined {
  try {
    const reader = new Reader(source)
    const known = reader.alternatives(0)
    return reader.isAtEnd ? requiredOf(known) : undefined
  } catch (error) {
    if (error instanceof Unknown) return undefined
    throw error
  }
}

/** Reads an expression from left to right. */
class Reader {
  private readonly source: string
  private at = 0

  constructor(source: string) {
    this.source = source
  }

  get isAtEnd(): boolean {
    return this.at === this.source.length
  }

  alternatives(depth: number): Known {
    if (depth > DEEPEST) throw new Unknown()
    const parts = [this.sequence(depth)]
    while (this.take('|')) parts.push(this.sequence(depth))
    return parts.length === 1 ? (parts[0] as Known) : anyOf(parts)
  }

  private sequence(depth: number): Known {
    const sequence = new Sequence()
    while (!this.isAtEnd && this.peek() !== '|' && this.peek() !== ')') sequence.add(this.repeated(depth))
    return sequence.known()
  }

  private repeated(depth: number): Known {
    let known = this.atom(depth)
    for (;;) {
      if (this.take('*')) known = ANYTHING
      else if (this.take('?')) known = optional(known)
      else if (this.take('+')) known = { exact: undefined, required: requiredOf(known) }
      else {
        const [all = '', least = ''] = /^\{(\d+)(?:,\d*)?\}/.exec(this.source.slice(this.at, this.at + 20)) ?? []
        if (all === '') return known
        this.at += all.length
        known = Number(least) === 0 ? ANYTHING : { exact: undefined, required: requiredOf(known) }
      }
      // Not greedy: matches the same texts.
      this.take('?')
    }
  }

  private atom(depth: number): Known {
    const char = this.next()
    if (char === '(') return this.group(depth)
    if (char === '[') return this.characterClass()
    if (char === '\\') return this.escaped()
    if (char === '.') return ANYTHING
    if (char === '^' || char === '$') return NOTHING
    return literal(char)
  }

  private group(depth: number): Known {
    if (this.take('?')) {
      const [all = ''] =
        /^(?:P?<[\p{L}\p{N}_]+>|[a-zA-Z]*(?:-[a-zA-Z]+)?[:)])/u.exec(this.source.slice(this.at, this.at + 200)) ?? []
      if (all === '') throw new Unknown()
      this.at += all.length
      // Flags alone: they change how a part matches, not which letters it has.
      if (all.endsWith(')')) {
        this.refuseRepetition()
        return NOTHING
      }
    }
    const known = this.alternatives(depth + 1)
    if (!this.take(')')) throw new Unknown()
    return known
  }

  private escaped(): Known {
    const char = this.next()
    if (/[^a-zA-Z0-9]/.test(char)) return literal(char)
    if ('bBAz'.includes(char)) return NOTHING
    if (char === 'Q') return this.quoted()
    if ('dDwWsSaftnrvC'.includes(char)) return ANYTHING
    const [all = ''] = rest[char]?.exec(this.source.slice(this.at, this.at + 60)) ?? []
    if (all === '') throw new Unknown()
    this.at += all.length
    return ANYTHING
  }

  /** What `\Q` quotes, up to `\E` or the end. */
  private quoted(): Known {
    const end = this.source.indexOf('\\E', this.at)
    const sequence = new Sequence()
    for (const char of this.source.slice(this.at, end < 0 ? undefined : end)) sequence.add(literal(char))
    this.at = end < 0 ? this.source.length : end + 2
    // It would be of the last character alone.
    this.refuseRepetition()
    return sequence.known()
  }

  private characterClass(): Known {
    const isNegated = this.take('^')
    const chars: string[] = []
    let isPlain = !isNegated
    for (let isFirst = true; isFirst || this.peek() !== ']'; isFirst = false) {
      if (this.source.startsWith('[:', this.at)) {
        const end = this.source.indexOf(':]', this.at)
        if (end < 0) throw new Unknown()
        this.at = end + 2
        isPlain = false
        continue
      }
      const char = this.next()
      if (char === '\\') {
        const known = this.escaped()
        isPlain &&= known.exact?.length === 1 && known.exact[0] !== ''
        chars.push(known.exact?.[0] ?? '')
      } else chars.push(char)
      if (this.peek() === '-' && this.source.charAt(this.at + 1) !== ']') isPlain = false
    }
    this.at++
    if (!isPlain || chars.length > MOST_OF_CLASS) return ANYTHING
    const known = chars.map(literal)
    return known.every(({ exact }) => exact !== undefined) ? anyOf(known) : ANYTHING
  }

  /** Behind something that is no part by itself, so that RE2 repeats what is before it, or inside. */
  private refuseRepetition(): void {
    if (/^[*+?{]/.test(this.peek())) throw new Unknown()
  }

  private peek(): string {
    return this.source.charAt(this.at)
  }

  private take(char: string): boolean {
    if (this.peek() !== char) return false
    this.at++
    return true
  }

  private next(): string {
    const code = this.source.codePointAt(this.at)
    if (code === undefined) throw new Unknown()
    const char = String.fromCodePoint(code)
    this.at += char.length
    return char
  }
}

/** What comes behind `\p`, `\P`, `\x` and an octal digit. */
const rest: Readonly<Record<string, RegExp>> = {
  p: /^(?:\{[^}]*\}|[A-Z])/,
  P: /^(?:\{[^}]*\}|[A-Z])/,
  x: /^(?:\{[0-9A-Fa-f]+\}|[0-9A-Fa-f]{2})/,
}

/** Parts one behind the other. */
class Sequence {
  private exact: readonly string[] = ['']
  private required: readonly string[] | undefined
  private isExact = true

  add(known: Known): void {
    const together = known.exact && product(this.exact, known.exact)
    if (together !== undefined) {
      this.exact = together
      return
    }
    this.isExact = false
    this.required = better(this.required, requiredOf({ exact: this.exact, required: undefined }))
    this.required = better(this.required, requiredOf(known))
    this.exact = known.exact ?? ['']
  }

  known(): Known {
    if (this.isExact) return { exact: this.exact, required: undefined }
    return { exact: undefined, required: better(this.required, requiredOf({ exact: this.exact, required: undefined })) }
  }
}

function literal(char: string): Known {
  const lower = char.toLowerCase()
  return SEARCHED.test(lower) ? { exact: [lower], required: undefined } : ANYTHING
}

function optional({ exact }: Known): Known {
  return exact === undefined || exact.length === MOST_EXACT
    ? ANYTHING
    : { exact: unique([...exact, '']), required: undefined }
}

function anyOf(parts: readonly Known[]): Known {
  const exact = unique(parts.flatMap((part) => part.exact ?? []))
  if (exact.length <= MOST_EXACT && parts.every((part) => part.exact !== undefined))
    return { exact, required: undefined }
  const required = parts.map(requiredOf)
  if (required.includes(undefined)) return ANYTHING
  const all = unique(required.flatMap((one) => one ?? []))
  return all.length <= MOST_REQUIRED ? { exact: undefined, required: all } : ANYTHING
}

function requiredOf({ exact, required }: Known): readonly string[] | undefined {
  if (exact === undefined) return required
  return exact.every(({ length }) => length >= SHORTEST) ? exact : undefined
}

/** The one whose shortest string is longer: it is in fewer names. */
function better(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return shortest(b) > shortest(a) ? b : a
}

function shortest(strings: readonly string[]): number {
  return strings.reduce((least, { length }) => Math.min(least, length), Number.POSITIVE_INFINITY)
}

function product(a: readonly string[], b: readonly string[]): readonly string[] | undefined {
  if (a.length * b.length > MOST_EXACT) return undefined
  const both = unique(a.flatMap((start) => b.map((end) => start + end)))
  return both.every(({ length }) => length <= LONGEST_EXACT) ? both : undefined
}

function unique(strings: readonly string[]): readonly string[] {
  return strings.length < 2 ? strings : [...new Set(strings)]
}
