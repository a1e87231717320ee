/** Names of options that hold secrets, which must not appear on a screen or in a ticket. */
const secret = /secret|password|passwd|token|credential|authori[sz]ation|api-?_?key|headers|auth$/i
const HIDDEN = '(hidden)'

/**
 * Options as plain data for display: secrets are hidden, URLs reduced to their origins (those of Slack and other webhooks have a secret in the
 * path), functions and patterns shown as text.
 */
export function shownOptions(options: unknown): unknown {
  return shown(options, 0)
}

function shown(value: unknown, depth: number): unknown {
  if (depth > 8) return '…'
  if (typeof value === 'string') return withoutPath(value)
  if (typeof value === 'function') return '(function)'
  if (typeof value === 'bigint' || value instanceof RegExp) return String(value)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (Array.isArray(value)) return value.map((one) => shown(one, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      secret.test(key) && !isEmpty(one) ? HIDDEN : shown(one, depth + 1),
    ]),
  )
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === '' || (typeof value === 'object' && Object.keys(value ?? {}).length === 0)
}

function withoutPath(text: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text)) return text
  const { protocol, host, pathname, search } = new URL(text)
  return `${protocol}//${host}${pathname.length > 1 || search !== '' ? '/…' : ''}`
}
