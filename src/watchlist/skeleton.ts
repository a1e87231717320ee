import { SOURCES, TARGETS } from './data/confusables.js'

/** What UTS 39 makes of texts: two that look alike have the same skeleton. Unpacking the table takes some milliseconds. */
export class Skeletons {
  /** By code point of the source. */
  readonly table: ReadonlyMap<number, string>

  constructor() {
    const targets = TARGETS.split(' ').map((points) =>
      String.fromCodePoint(...points.split('+').map((point) => Number.parseInt(point, 36))),
    )
    const table = new Map<number, string>()
    let source = 0
    for (const entry of SOURCES.split(' ')) {
      const [distance = '', target = ''] = entry.split(':')
      source += Number.parseInt(distance, 36)
      table.set(source, targets[Number.parseInt(target, 36)] as string)
    }
    this.table = table
  }

  /** UTS 39 section 4, internalSkeleton: NFD, without what is not shown, each character by the table, NFD. */
  of(text: string): string {
    return this.mapped(text, 0)
  }

  /** The same, but that characters of ASCII stay as they are. */
  ofOthers(text: string): string {
    return this.mapped(text, 0x80)
  }

  private mapped(text: string, first: number): string {
    let mapped = ''
    for (const char of text.normalize('NFD')) {
      const point = char.codePointAt(0) as number
      if (!isIgnorable(char)) mapped += (point < first ? undefined : this.table.get(point)) ?? char
    }
    return mapped.normalize('NFD')
  }
}

function isIgnorable(char: string): boolean {
  return char >= '\xad' && /^\p{Default_Ignorable_Code_Point}$/u.test(char)
}
