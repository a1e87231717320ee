import { createRequire } from 'node:module'

/**
 * A regular expression of the command line, matched in time linear in the name, whatever the expression: names come from strangers, and
 * with a `RegExp` one name can keep `^(a+)+$` busy for years, during which nothing else happens, not even SIGTERM.
 *
 * The syntax is RE2's, that of Go and grep -E, without lookaround and back-references; letters match in either case.
 */
export class LinearPattern extends RegExp {
  private readonly linear: { test(text: string): boolean }

  /** @throws what re2js throws for an expression it cannot read. */
  constructor(source: string) {
    super('')
    // Loaded on first use: most commands need none.
    const { RE2JS }: typeof import('re2js') = createRequire(import.meta.url)('re2js')
    this.linear = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE)
  }

  override test(text: string): boolean {
    return this.linear.test(text)
  }
}
