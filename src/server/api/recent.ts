import type { Backlog } from '../backlog.js'
import { messageId, parseMessageId } from '../message-id.js'
import type { Wanted } from '../served-page.js'
import type { Page } from './paging.js'
import { ApiProblem } from './problem.js'

/** Most message numbers searched for one answer, so that a filter that passes nothing does not read an hour of certificates. */
const MOST_LOOKED_AT = 2048
/** Message numbers read in one step backwards. */
const STEP = 256

/**
 * The last messages sent, newest first. A page may have fewer than `limit` messages, or none, and still a `next`.
 *
 * @param after - The id of the oldest message of the page before.
 * @throws {@link ApiProblem} 400 for an id of another file.
 */
export async function recentMessages(
  backlog: Backlog,
  selection: Wanted,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<Page<unknown>> {
  const items: unknown[] = []
  const { oldest } = backlog
  let to = after === undefined ? backlog.newest : beforeOf(backlog, after)
  const stopAt = Math.max(oldest, to - MOST_LOOKED_AT + 1)
  while (to >= stopAt && items.length < limit) {
    const from = Math.max(stopAt, to - STEP + 1)
    const found = await between(backlog, selection, from, to)
    items.push(...found.reverse().map((message) => JSON.parse(message.toString()) as unknown))
    to = from - 1
  }
  const surplus = items.length > limit
  const taken = items.slice(0, limit)
  const last = taken.at(-1) as { readonly id: string } | undefined
  if (surplus) return { items: taken, next: last?.id ?? null }
  return { items: taken, next: to >= oldest ? messageId(backlog.series, to + 1) : null }
}

/** Messages between two numbers, in order. */
async function between(backlog: Backlog, selection: Wanted, from: number, to: number): Promise<Buffer[]> {
  const found: Buffer[] = []
  for (let number = from; number <= to; ) {
    const page = await backlog.pageAfter(number - 1)
    if (page === undefined || page.first > to) break
    found.push(...page.messagesOf(selection, number, to))
    number = page.last + 1
  }
  return found
}

function beforeOf({ series, newest }: Backlog, after: string): number {
  const id = parseMessageId(after)
  if (id === undefined || id.series !== series)
    throw new ApiProblem(
      400,
      'after must be the `next` of a page of this server, whose file of kept entries is another',
    )
  return Math.min(newest, id.number - 1)
}
