/** Names of one half of what is remembered. */
const HALF = 16_384
/** Longer names are seldom, and cost the more to keep. */
const MAX_LENGTH = 100

/**
 * Names that met no rule lately: nearly all do not, and each comes several times within minutes, in the precertificate and the certificate
 * and from several logs. At most 32,768 names of 100 characters, the older half of which is forgotten at once.
 */
export class Unmatched {
  private recent = new Set<string>()
  private older = new Set<string>()

  has(name: string): boolean {
    return this.recent.has(name) || this.older.has(name)
  }

  add(name: string): void {
    if (name.length > MAX_LENGTH) return
    if (this.recent.size >= HALF) {
      this.older = this.recent
      this.recent = new Set()
    }
    this.recent.add(name)
  }
}
