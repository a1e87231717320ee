/** Most names that are looked at one by one for a label that may stand for others. */
export const MAX_LOOKED = 256

/**
 * Listed names that are one label below the same parent: found by how that label begins or ends, so that a label such as `q1*` costs little
 * however many there are. Few of them are not sorted: all are looked at.
 */
export class Siblings {
  private readonly names: readonly string[]
  /** Length of the parent with the dot before it. */
  private readonly behind: number
  private readonly ids: readonly number[]
  /** The same from the last character of the label on. */
  private readonly fromEnd: readonly number[]

  /**
   * @param names - All names, by number.
   * @param ids - Those of these, at least one.
   * @param behind - Length of what all end with.
   */
  constructor(names: readonly string[], ids: readonly number[], behind: number) {
    this.names = names
    this.behind = behind
    const isSorted = ids.length > MAX_LOOKED
    this.ids = isSorted ? this.sorted(ids, same) : ids
    this.fromEnd = isSorted ? this.sorted(ids, reversed) : ids
  }

  label(id: number): string {
    const name = this.names[id] as string
    return name.slice(0, name.length - this.behind)
  }

  /**
   * Numbers of the names whose label begins with `first`, or of those where it ends with `last`, whichever are fewer: {@link MAX_LOOKED} at
   * most, and the first of the others.
   */
  like(first: string, last: string): { readonly ids: readonly number[]; readonly more: number | undefined } {
    const { ids, fromEnd } = this
    if (ids === fromEnd) return { ids, more: undefined }
    const ahead = this.range(ids, same, first)
    const behind = this.range(fromEnd, reversed, reversed(last))
    const isFewer = behind[1] - behind[0] < ahead[1] - ahead[0]
    const [all, [start, end]] = isFewer ? [fromEnd, behind] : [ids, ahead]
    const stop = Math.min(end, start + MAX_LOOKED)
    return { ids: all.slice(start, stop), more: stop < end ? all[stop] : undefined }
  }

  private sorted(ids: readonly number[], keyOf: (label: string) => string): number[] {
    const keyed = ids.map((id) => ({ id, key: keyOf(this.label(id)) }))
    return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ id }) => id)
  }

  /** Of those that begin with a text, in their order. No label has a character of U+FFFF. */
  private range(ids: readonly number[], keyOf: (label: string) => string, text: string): [number, number] {
    return [this.firstFrom(ids, keyOf, text), this.firstFrom(ids, keyOf, `${text}\uffff`)]
  }

  private firstFrom(ids: readonly number[], keyOf: (label: string) => string, text: string): number {
    let low = 0
    let high = ids.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (keyOf(this.label(ids[middle] as number)) < text) low = middle + 1
      else high = middle
    }
    return low
  }
}

const same = (text: string): string => text
const reversed = (text: string): string => [...text].reverse().join('')
