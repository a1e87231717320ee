import { optionError } from './options.js'

/** `com.example.www`: in this order all names below a domain are neighbours in an index. */
export function reversedName(name: string): string {
  return name.split('.').reverse().join('.')
}

/** The reversed names that match a pattern: `exact`, and those from `from` up to `to` (exclusive); `null` for none. */
export interface ReversedBounds {
  readonly exact: string | null
  readonly from: string | null
  readonly to: string | null
}

/**
 * @param pattern - `example.com`: it and everything below; `=example.com`: only itself; `*.example.com`: only what is below.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 */
export function reversedBounds(pattern: unknown): ReversedBounds {
  const [, mark = '', name = ''] =
    typeof pattern === 'string'
      ? (/^(=|\*\.)?([^*=\s]{1,1024})$/.exec(pattern.toLowerCase().replace(/\.$/, '')) ?? [])
      : []
  if (name === '')
    throw optionError('pattern', "a name such as 'example.com', '=example.com' or '*.example.com'", pattern)
  const reversed = reversedName(name)
  return {
    exact: mark === '*.' ? null : reversed,
    // `/` is the next character after the dot: names that begin with this name and a dot lie between the two.
    from: mark === '=' ? null : `${reversed}.`,
    to: mark === '=' ? null : `${reversed}/`,
  }
}
