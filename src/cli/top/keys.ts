/** A key that was pressed: a printable character as it is, others by name. */
export type Key = string

/** ECMA-48 and xterm sequences of the keys that have no character. */
const sequences: readonly (readonly [sequence: string, key: Key])[] = [
  ['\u001b[A', 'up'],
  ['\u001bOA', 'up'],
  ['\u001b[B', 'down'],
  ['\u001bOB', 'down'],
  ['\u001b[5~', 'page-up'],
  ['\u001b[6~', 'page-down'],
  ['\u001b[H', 'home'],
  ['\u001bOH', 'home'],
  ['\u001b[1~', 'home'],
  ['\u001b[F', 'end'],
  ['\u001bOF', 'end'],
  ['\u001b[4~', 'end'],
]

const controls: ReadonlyMap<string, Key> = new Map([
  ['\u0003', 'ctrl-c'],
  ['\u0004', 'ctrl-d'],
  ['\u000c', 'ctrl-l'],
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\u007f', 'backspace'],
  ['\b', 'backspace'],
  ['\u001b', 'escape'],
])

/** The keys in what a terminal in raw mode sent at once; sequences that mean nothing here are left out. */
export function keysIn(text: string): Key[] {
  const keys: Key[] = []
  for (let rest = text; rest !== ''; ) {
    const known = sequences.find(([sequence]) => rest.startsWith(sequence))
    // A control sequence ends with a byte from @ to ~ (ECMA-48 section 5.4).
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it begins with one
    const unknown = /^\u001b(?:\[[0-?]*[ -/]*[@-~]|O.)/.exec(rest)
    if (known !== undefined) keys.push(known[1])
    const character = String.fromCodePoint(rest.codePointAt(0) ?? 0)
    if (known === undefined && unknown === null) {
      const key = controls.get(character) ?? (character < ' ' ? undefined : character)
      if (key !== undefined) keys.push(key)
    }
    rest = rest.slice(known?.[0].length ?? unknown?.[0].length ?? character.length)
  }
  return keys
}
