import { optionError } from '../util/options.js'

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` for an invalid name of a member. */
export function memberName(member: unknown): string {
  if (typeof member === 'string' && member.length > 0 && member.length <= 255) return member
  throw optionError('member', 'a name of 1 to 255 characters', member)
}
