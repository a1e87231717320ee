export type TextTest = (text: string) => boolean

/**
 * A stateless test by a regular expression: with the flags `g` and `y`, `test` would continue where it ended last. Calls the `test` of a
 * subclass that has its own.
 */
export function stateless(pattern: RegExp): TextTest {
  const own = pattern.test === RegExp.prototype.test ? new RegExp(pattern.source, pattern.flags) : pattern
  return (text) => {
    own.lastIndex = 0
    return own.test(text)
  }
}
