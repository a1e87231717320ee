export type TextTest = (text: string) => boolean

/** A test by a regular expression that answers the same each time, whatever its flags: `g` and `y` go on where they were. */
export function stateless(pattern: RegExp): TextTest {
  const own = new RegExp(pattern.source, pattern.flags)
  return (text) => {
    own.lastIndex = 0
    return own.test(text)
  }
}
