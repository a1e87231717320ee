import { Client, type ClientOptions } from './client.js'
import { messageId } from './message-id.js'
import type { Subscription } from './subscription.js'

/**
 * Begins to send to a client: from now on, or what came after the last message it has. For an id of another file, or one never given, it
 * is unknown what came after: the client gets a gap, then everything kept.
 */
export function beginClient(
  subscription: Subscription,
  options: Omit<ClientOptions, 'position' | 'selection'>,
): Client {
  const { selection, after } = subscription
  const { series, newest, oldest } = options.backlog
  const isKnown = after !== undefined && after.series === series && after.number <= newest
  const position = after === undefined ? newest : isKnown ? after.number : oldest - 1
  const client = new Client({ ...options, selection, position })
  if (after !== undefined && !isKnown)
    client.tellGap(messageId(series, position), undefined, messageId(after.series, after.number))
  return client
}
