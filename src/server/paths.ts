import { pathOf } from './subscription.js'

/** Paths of clients that stay connected. */
export const clientPaths = ['/', '/full-stream', '/domains-only', '/v2/stream', '/v2/sse'] as const

const plainPaths: readonly string[] = [
  ...['/example.json', '/full-stream/example.json', '/domains-only/example.json', '/latest.json', '/stats'],
  ...['/metrics', '/healthz', '/readyz'],
]

/** The path as the label of a metric: one of a fixed few, whatever strangers request. */
export function knownPath(url: URL | undefined): string {
  if (url === undefined) return 'other'
  const path = pathOf(url)
  if ((clientPaths as readonly string[]).includes(path) || plainPaths.includes(path)) return path
  const [, part] = /^\/(api|ui)(?:\/|$)/.exec(path) ?? []
  return part === undefined ? 'other' : `/${part}`
}
