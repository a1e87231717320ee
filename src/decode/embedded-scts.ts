import { CtStreamError } from '../errors.js'
import type { Sct } from '../types/sct.js'
import { toBase64 } from '../util/bytes.js'
import { parseSctList } from '../wire/sct.js'
import type { ProblemList } from '../x509/problem-list.js'

const MAX_DATE = 8.64e15
/** Most lists to read: certificates have one, and each could hold thousands of malformed SCTs, with an error for every one. */
const MAX_LISTS = 16

/** Reads serialized SCT lists (RFC 6962 section 3.3). Notes malformed SCTs as problems, and leaves them out. */
export function readScts(lists: readonly Uint8Array[], problems: ProblemList): Sct[] {
  if (lists.length > MAX_LISTS)
    problems.add('scts', 'sct-list-malformed', `${lists.length} lists, of which ${MAX_LISTS} are read`)
  return lists.slice(0, MAX_LISTS).flatMap((list) => readList(list, problems))
}

function readList(list: Uint8Array, problems: ProblemList): Sct[] {
  const scts: Sct[] = []
  try {
    for (const found of parseSctList(list)) {
      if (found.kind === 'malformed') problems.add('scts', 'sct-list-malformed', found.reason)
      else if (found.kind === 'unknown')
        problems.add('scts', 'sct-list-malformed', `an SCT of version ${found.version}`)
      else if (found.sct.timestamp > MAX_DATE)
        problems.add('scts', 'sct-list-malformed', `SCT timestamp ${found.sct.timestamp} is beyond all dates`)
      else scts.push({ ...found.sct, logId: toBase64(found.sct.logId), timestamp: new Date(found.sct.timestamp) })
    }
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    problems.add('scts', 'sct-list-malformed', error.message)
  }
  return scts
}
