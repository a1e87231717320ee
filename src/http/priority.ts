/**
 * How urgent the requests to logs are; higher goes first.
 *
 * - `backlog`: entries that were there before their log was opened.
 * - `live`: entries that came since, and what a judgement on a log waits for.
 * - `head`: newest heads. Each is soon answered, so it goes first where requests under way are counted; but where a host limits the rate, one
 *   costs as much as a page of entries, so there it goes last.
 */
export const PRIORITY = Object.freeze({ backlog: 0, live: 1, head: 2 })

/** Priority of a request while it waits for the rate of its origin. */
export function priorityAtRate(priority: number): number {
  return priority >= PRIORITY.head ? PRIORITY.backlog - 1 : priority
}
