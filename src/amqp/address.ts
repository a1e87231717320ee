import { type EngineUrl, engineUrl } from '../util/engine-url.js'
import { optionError } from '../util/options.js'

/** RabbitMQ servers and the names there, as a URL describes them. */
export interface AmqpAddress {
  readonly url: EngineUrl
  readonly virtualHost: string
  /** The exchange that entries are published to, and the queue of those who need no group. */
  readonly queue: string
  /** Groups whose queues the sink makes; empty: that without a group. */
  readonly groups: readonly string[]
  readonly shown: string
}

/** Names of the queues of a group. */
export interface GroupQueues {
  /** Its entries. */
  readonly entries: string
  /** What it has set aside. */
  readonly parked: string
  /** One message: how far it is. */
  readonly marks: string
}

/** Part of the name of a queue, which has 255 bytes at most. */
const GROUP = /^[A-Za-z0-9_.-]{1,100}$/

/**
 * Reads `amqp://[user:password@]host[:port][,…][/virtual-host]`, `amqps://` for TLS; parameters `prefix`, `groups` (names, separated by
 * commas) and those of TLS.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`; the message never contains the password.
 */
export function amqpAddress(text: string): AmqpAddress {
  const isTls = text.startsWith('amqps:')
  const schemes = ['amqp', 'amqps'] as const
  const url = engineUrl(text, {
    engine: 'RabbitMQ',
    schemes,
    port: isTls ? 5671 : 5672,
    parameters: ['groups'],
    manyHosts: true,
  })
  let virtualHost: string
  try {
    virtualHost = decodeURIComponent(url.path)
  } catch {
    throw url.invalid('has a virtual host with a "%" that begins no escape: write %25 for it')
  }
  const groups = url.text('groups')?.split(',') ?? []
  if (!groups.every((group) => GROUP.test(group)))
    throw url.invalid(
      'has groups that are not names of 1 to 100 of letters, digits, "_", "-" and ".", separated by commas',
    )
  return { url, virtualHost: virtualHost || '/', queue: `${url.prefix}.entries`, groups, shown: url.shown }
}

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` for a name that is no part of a queue's. */
export function groupQueues({ url: { prefix } }: AmqpAddress, group: string): GroupQueues {
  if (!GROUP.test(group))
    throw optionError('source.group', 'for RabbitMQ a name of 1 to 100 of letters, digits, "_", "-" and "."', group)
  return {
    entries: `${prefix}.entries.${group}`,
    parked: `${prefix}.parked.${group}`,
    marks: `${prefix}.marks.${group}`,
  }
}
