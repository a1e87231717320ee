import type { Name } from '../types/name.js'
import { decodeName } from '../x509/name.js'
import { latin1 } from '../x509/strings.js'
import { stateless, type TextTest } from './stateless.js'

/** Most issuers whose result is cached; the public web has a few hundred. */
const MAX_KNOWN = 4096
/** Results for longer names are not cached. */
const MAX_KNOWN_LENGTH = 1024

/** Matches issuers by name. Decodes each name once, since half of all entries may share it. */
export class IssuerMatcher {
  private readonly tests: readonly ((name: Name) => boolean)[]
  private readonly known = new Map<string, boolean>()

  constructor(patterns: readonly (string | RegExp)[]) {
    this.tests = patterns.map((pattern) =>
      typeof pattern === 'string' ? containing(pattern) : matching(stateless(pattern)),
    )
  }

  /** @param start - Start of the issuer's Name, including its tag and length. The bytes are not kept. */
  has(bytes: Uint8Array, start: number, stop: number): boolean {
    if (stop - start > MAX_KNOWN_LENGTH) return this.judge(bytes, start, stop)
    const key = latin1(bytes, start, stop)
    const known = this.known.get(key)
    if (known !== undefined) return known
    const verdict = this.judge(bytes, start, stop)
    if (this.known.size >= MAX_KNOWN) this.known.clear()
    this.known.set(key, verdict)
    return verdict
  }

  /** Whether a name matches. An unreadable name counts as a match, so that nothing is missed. */
  private judge(bytes: Uint8Array, start: number, stop: number): boolean {
    let isBroken = false
    const name = decodeName(bytes, start, stop, (code) => {
      if (code === 'der-malformed') isBroken = true
    })
    return isBroken || this.tests.some((test) => test(name))
  }
}

function containing(text: string): (name: Name) => boolean {
  const wanted = text.toLowerCase()
  const has = (value: string | undefined) => value?.toLowerCase().includes(wanted) ?? false
  return (name) => has(name.commonName) || has(name.organization)
}

function matching(test: TextTest): (name: Name) => boolean {
  return (name) => test(name.toString())
}
