import { type Match, type MatchReason, OwnScore } from './match.js'
import { type OwnRule, Scope } from './own-rule.js'
import type { Reading } from './read-name.js'
import { Siblings } from './siblings.js'
import { isIcannSuffix } from './suffix.js'

/** Most rules that one name can be reported for beyond those its own labels name: a wildcard could cover a whole list. */
export const MAX_COVERED = 100

/** A name that is listed has a child that is: what a wildcard just below it covers. */
const PARENT = 8
const DOT = 0x2e
/** 2^32 divided by the golden ratio: the first bits of a product with it are good for an index (Knuth). */
const MIX = 0x9e3779b1

/**
 * The own names: one walk over a name from its end, with a hash of what was passed looked up at each dot, whatever the number of rules.
 */
export class OwnNames {
  /** By name; a parent that is not listed itself has {@link PARENT} alone. */
  private readonly names: string[] = []
  private readonly flags: number[] = []
  /** Of a name with {@link PARENT}: listed names one label below it, which a rule reports themselves, and names below which it reports. */
  private readonly children = new Map<number, Siblings>()
  private readonly domains = new Map<number, Siblings>()
  /** Open addressing with linear probing: hash and one more than the number of the name; 0 is free. */
  private readonly hashes: Uint32Array
  private readonly slots: Uint32Array
  private readonly shift: number
  private longest = 0

  constructor(rules: Iterable<OwnRule>) {
    const known = new Map<string, number>()
    const add = (name: string, flag: number): number => {
      let id = known.get(name)
      if (id === undefined) known.set(name, (id = this.names.push(name) - 1))
      this.flags[id] = (this.flags[id] ?? 0) | flag
      this.longest = Math.max(this.longest, name.length)
      return id
    }
    for (const rule of rules) if (rule.kind === 'name') add(rule.name, rule.scope)
    const listed = [...known]
    for (const [name] of listed) add(parentOf(name), PARENT)
    const group = (siblings: Map<number, Siblings>, scope: number) => {
      const groups = new Map<number, number[]>()
      for (const [name, id] of listed) {
        if (((this.flags[id] as number) & scope) === 0) continue
        const parent = known.get(parentOf(name)) as number
        const group = groups.get(parent)
        if (group === undefined) groups.set(parent, [id])
        else group.push(id)
      }
      for (const [parent, ids] of groups) {
        const { length } = this.names[parent] as string
        siblings.set(parent, new Siblings(this.names, ids, length === 0 ? 0 : length + 1))
      }
    }
    group(this.children, Scope.exact | Scope.domain)
    group(this.domains, Scope.domain | Scope.below)
    const bits = Math.max(4, Math.ceil(Math.log2(Math.max(1, this.names.length) * 3)))
    this.hashes = new Uint32Array(2 ** bits)
    this.slots = new Uint32Array(2 ** bits)
    this.shift = 32 - bits
    this.names.forEach((name, id) => {
      this.insert(name, id)
    })
  }

  get size(): number {
    return this.names.length
  }

  /**
   * Every rule that the name meets.
   *
   * @param name - As `dnsNames` has it.
   * @param reading - What it was read from, when that was no plain name.
   */
  match(name: string, reading?: Reading): Match[] {
    const matches: Match[] = []
    if (this.names.length === 0) return matches
    const plain = isPlain(name)
    let hash = 0
    let wild = -1
    const stop = Math.max(0, name.length - this.longest - 1)
    for (let at = name.length - 1; at >= stop; at--) {
      const code = name.charCodeAt(at)
      if (code === DOT) {
        const id = this.find(hash, name, at + 1)
        if (id >= 0) this.addBelow(matches, name, id, at + 1)
      }
      hash = step(hash, code)
    }
    if (stop === 0) {
      const id = this.find(hash, name, 0)
      if (id >= 0) this.addSelf(matches, name, id)
    }
    if (!plain) wild = wildLabel(name)
    if (wild >= 0) this.addCovered(matches, name, wild)
    if (reading?.hasNul === true) return matches.map(alarm)
    return matches
  }

  private addSelf(matches: Match[], name: string, id: number): void {
    const flags = this.flags[id] as number
    if ((flags & Scope.exact) !== 0)
      matches.push(own(`=${name}`, name, OwnScore.normal, 'the name itself', 0, name.length))
    if ((flags & Scope.domain) !== 0)
      matches.push(own(name, name, OwnScore.normal, 'the domain itself', 0, name.length))
  }

  private addBelow(matches: Match[], name: string, id: number, start: number): void {
    const flags = this.flags[id] as number
    const domain = this.names[id] as string
    if ((flags & Scope.domain) !== 0)
      matches.push(own(domain, name, OwnScore.normal, `a name below ${domain}`, start, name.length))
    if ((flags & Scope.below) !== 0)
      matches.push(own(`*.${domain}`, name, OwnScore.normal, `a name below ${domain}`, start, name.length))
  }

  /**
   * A label that may stand for others: `*` stands for one label (RFC 9525 section 6.3); `m*`, `?` of a redacted name and a label with
   * octets that no name has may be taken for anything that fits, by somebody.
   */
  private addCovered(matches: Match[], name: string, wild: number): void {
    const end = endOfLabel(name, wild)
    const label = name.slice(wild, end)
    const parentText = end < name.length ? name.slice(end + 1) : ''
    const parent = this.find(hashOf(parentText), parentText, 0)
    if (parent < 0 || ((this.flags[parent] as number) & PARENT) === 0) return
    const isWhole = label === '*' && wild === 0
    const score = !isWhole ? OwnScore.possible : isIcannSuffix(parentText) ? OwnScore.high : OwnScore.normal
    const siblings = (wild === 0 ? this.children : this.domains).get(parent)
    if (siblings === undefined) return
    const pieces = piecesOf(label)
    const before = matches.length
    const report = (id: number, text: string): void => {
      const covered = this.names[id] as string
      const flags = this.flags[id] as number
      const add = (rule: string) => matches.push(own(rule, name, score, text, wild, name.length))
      if (wild === 0 && (flags & Scope.exact) !== 0) add(`=${covered}`)
      if ((flags & Scope.domain) !== 0) add(covered)
      if (wild > 0 && (flags & Scope.below) !== 0) add(`*.${covered}`)
    }
    const { ids, more } = siblings.like(pieces[0] as string, pieces.at(-1) as string)
    for (const id of ids) {
      if (matches.length - before >= MAX_COVERED) return
      if (!fits(pieces, siblings.label(id))) continue
      const covered = this.names[id] as string
      report(id, isWhole ? `a wildcard that covers ${covered}` : `may be taken for ${covered}`)
    }
    // Those that nobody looked at may fit as well: reported as one of them, since a wrong alert is better than none.
    const all = parentText === '' ? 'your names' : `your names below ${parentText}`
    if (more !== undefined && matches.length - before < MAX_COVERED)
      report(more, `may be taken for one of ${all}, of which there are too many to look at each`)
  }

  private find(hash: number, name: string, start: number): number {
    const { hashes, slots, names } = this
    const mask = hashes.length - 1
    const length = name.length - start
    for (let slot = Math.imul(hash, MIX) >>> this.shift; slots[slot] !== 0; slot = (slot + 1) & mask) {
      if (hashes[slot] !== hash >>> 0) continue
      const id = (slots[slot] as number) - 1
      const there = names[id] as string
      if (there.length === length && name.endsWith(there)) return id
    }
    return -1
  }

  private insert(name: string, id: number): void {
    const hash = hashOf(name)
    const mask = this.hashes.length - 1
    let slot = Math.imul(hash, MIX) >>> this.shift
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask
    this.hashes[slot] = hash >>> 0
    this.slots[slot] = id + 1
  }
}

function own(rule: string, name: string, score: number, text: string, start: number, end: number): Match {
  const reason: MatchReason = { text, points: score, at: [start, end] }
  return { rule, kind: 'own', score, reasons: [reason], name }
}

function alarm(match: Match): Match {
  const reason = {
    text: 'the name holds a NUL, where careless clients stop reading',
    points: OwnScore.high - match.score,
    at: undefined,
  }
  return { ...match, score: OwnScore.high, reasons: [...match.reasons, reason] }
}

/** Without a label that may stand for others. */
function isPlain(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i)
    if (code === 0x2a || code === 0x3f || code === 0x5c) return false
  }
  return true
}

/** Start of the last label that may stand for others. */
function wildLabel(name: string): number {
  const last = Math.max(name.lastIndexOf('*'), name.lastIndexOf('?'), name.lastIndexOf('\\'))
  return name.lastIndexOf('.', last) + 1
}

function endOfLabel(name: string, start: number): number {
  const dot = name.indexOf('.', start)
  return dot < 0 ? name.length : dot
}

/**
 * What stands before, between and behind the places where anything may be. `?` alone is a redacted label, an escape may be anything: both
 * fit all labels, as `*` does. A star and a `?` beside letters fit what they can.
 */
function piecesOf(label: string): readonly string[] {
  return label.includes('\\') ? ['', ''] : label.split(/[*?]+/)
}

function fits(pieces: readonly string[], other: string): boolean {
  const first = pieces[0] as string
  const last = pieces.at(-1) as string
  if (other.length < first.length + last.length || !other.startsWith(first) || !other.endsWith(last)) return false
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = other.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return at <= other.length - last.length
}

/** `''` for a name of one label. */
function parentOf(name: string): string {
  const dot = name.indexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1)
}

/** FNV-1a, a character more. */
function step(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193)
}

/** From its end. */
function hashOf(name: string): number {
  let hash = 0
  for (let at = name.length - 1; at >= 0; at--) hash = step(hash, name.charCodeAt(at))
  return hash
}
