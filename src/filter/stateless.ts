export type TextTest = (text: string) => boolean

/**
 * A test by a regular expression that answers the same each time, whatever its flags: `g` and `y` go on where they were. A subclass may
 * have a `test` of its own, which is then the one that is asked.
 */
export function stateless(pattern: RegExp): TextTest {
  const own = pattern.test === RegExp.prototype.test ? new RegExp(pattern.source, pattern.flags) : pattern
  return (text) => {
    own.lastIndex = 0
    return own.test(text)
  }
}
