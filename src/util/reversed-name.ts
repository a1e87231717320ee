import { toALabel } from './a-label.js'
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
 * @param pattern - `example.com`: it and everything below; `=example.com`: only itself; `*.example.com`: only what is below. U-labels are as good
 * as A-labels.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 */
export function reversedBounds(pattern: unknown): ReversedBounds {
  const [, mark = '', name = ''] =
    typeof pattern === 'string'
      ? (/^(=|\*\.)?([^*=\s]{1,1024})$/.exec(pattern.toLowerCase().replace(/\.$/, '')) ?? [])
      : []
  const labels = name.split('.').map(asStored)
  if (name === '' || labels.includes(undefined))
    throw optionError('pattern', "a name such as 'example.com', '=example.com' or '*.example.com'", pattern)
  const reversed = reversedName(labels.join('.'))
  return {
    exact: mark === '*.' ? null : reversed,
    // `/` is the next character after the dot: names that begin with this name and a dot lie between the two.
    from: mark === '=' ? null : `${reversed}.`,
    to: mark === '=' ? null : `${reversed}/`,
  }
}

/** As in `dnsNames`, whose bytes may be others than those of host names, but in ASCII. `undefined`: no name has such a label. */
function asStored(label: string): string | undefined {
  return /^[\0-\x7f]*$/.test(label) ? label : toALabel(label) || undefined
}
