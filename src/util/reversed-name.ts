import { optionError } from './options.js'

/** `com.example.www`: what is below a domain lies together in an index. */
export function reversedName(name: string): string {
  return name.split('.').reverse().join('.')
}

/** Which reversed names a pattern means: `exact`, and those from `from` up to `to` (exclusive); `null`: none. */
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
    // `/` is the character behind the dot: what begins with the name and a dot lies between.
    from: mark === '=' ? null : `${reversed}.`,
    to: mark === '=' ? null : `${reversed}/`,
  }
}
