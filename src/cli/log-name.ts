import type { LogInfo } from '../types/log.js'

/**
 * Whether a user who names a log like this means this one: its id, its URL (with or without scheme), or the beginning of its
 * description or of a word of it; upper and lower case are alike but in ids.
 */
export function isMeant(name: string, { id, url, description }: LogInfo): boolean {
  const wanted = name.toLowerCase().replace(/\/+$/, '')
  const address = url.toLowerCase().replace(/\/+$/, '')
  if (name === id || wanted === address || wanted === address.replace(/^https?:\/\//, '')) return true
  const text = description.toLowerCase()
  const words = text.match(/[\p{L}\p{N}_.-]+/gu) ?? []
  return wanted !== '' && [text, ...words].some((known) => known.startsWith(wanted))
}
