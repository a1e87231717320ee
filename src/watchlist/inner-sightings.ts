import type { Sighting } from './sightings.js'
import { Spans } from './spans.js'

/** Which sightings of a name are part of what else was sighted there. */
export class InnerSightings {
  private readonly literal: Spans
  private readonly whole: Spans
  private readonly exact: ReadonlySet<number>

  constructor(found: readonly Sighting[]) {
    this.literal = new Spans(found.filter(({ how }) => how === 'exact' || how === 'split'))
    this.whole = new Spans(found.filter(({ inside }) => !inside))
    this.exact = new Set(found.filter(({ how }) => how === 'exact').map(keyOf))
  }

  has(sighting: Sighting): boolean {
    // A shorter token inside a longer one that stands there exactly is not what is meant: `line` in `online`.
    if (this.literal.coverMore(sighting)) return true
    // An exact one makes edits of the same letters needless.
    if (sighting.how !== 'exact' && this.exact.has(keyOf(sighting))) return true
    return sighting.inside && this.whole.coverMore(sighting)
  }
}

/** Of the stretch; names have less than 65,536 characters. */
function keyOf({ start, end }: Sighting): number {
  return start * 65_536 + end
}
