import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Values } from './flags/values.js'

/** `--member` or the machine's name, with a random suffix, so that a restarted process has a new name, and no leases of the one before. */
export function memberFrom(values: Values): string {
  const name = values.text('member')
  if (name !== undefined && (name === '' || name.length > 200))
    values.refuse('member', 'a name of 1 to 200 characters', name)
  return `${name ?? hostname().slice(0, 200)} ${randomBytes(6).toString('hex')}`
}
