import type { Name } from '../types/certificate.js'
import { decodeName } from '../x509/name.js'
import { latin1 } from '../x509/strings.js'
import { stateless, type TextTest } from './stateless.js'

/** Issuers whose verdict is remembered; the public web has a few hundred. */
const MAX_KNOWN = 4096
/** Longer names are judged each time. */
const MAX_KNOWN_LENGTH = 1024

/** Judges issuers by their name; the same name, which half of all entries may have, is decoded once. */
export class IssuerMatcher {
  private readonly tests: readonly ((name: Name) => boolean)[]
  private readonly known = new Map<string, boolean>()

  constructor(patterns: readonly (string | RegExp)[]) {
    this.tests = patterns.map((pattern) =>
      typeof pattern === 'string' ? containing(pattern) : matching(stateless(pattern)),
    )
  }

  /** @param start - Where the issuer's Name is, its tag and length included, in bytes that are not kept. */
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

  /** What cannot be read cannot be judged. */
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
