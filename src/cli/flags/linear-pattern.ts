import { createRequire } from 'node:module'

/**
 * A regular expression of the command line that matches any name in linear time. Names come from strangers, and with a `RegExp` such as
 * `^(a+)+$` a single name could block the process for years, even against SIGTERM.
 *
 * The syntax is that of RE2, as in Go: no lookaround, no back-references. Ignores case.
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
