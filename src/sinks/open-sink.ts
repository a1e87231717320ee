import { CtStreamError } from '../errors.js'
import type { Sink } from '../types/cluster.js'
import { booleanOption, choiceOption } from '../util/options.js'

/**
 * The sink that a URL means, not opened yet. What its engine needs is loaded here, and only then.
 *
 * - `postgres://user:password@host/database?schema=ct_stream&entries=first&der=false`: as `postgresSink`
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for another URL; the message does not show it, for it may hold a password.
 */
export async function openSink(url: string): Promise<Sink> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  switch (parsed?.protocol) {
    case 'postgres:':
    case 'postgresql:':
      return postgresFrom(parsed)
    default:
      throw new CtStreamError(
        'CT_OPTION_INVALID',
        'a sink must be the URL of an engine, such as postgres://host/database',
      )
  }
}

async function postgresFrom(url: URL): Promise<Sink> {
  const entries = url.searchParams.get('entries') ?? undefined
  const der = url.searchParams.get('der') ?? undefined
  url.searchParams.delete('entries')
  url.searchParams.delete('der')
  const options = {
    entries: choiceOption('sink.entries', entries, ['all', 'first', 'none'], 'first'),
    der: booleanOption('sink.der', der === 'true' ? true : der === 'false' ? false : der, false),
  }
  const { postgresSink } = await import('./postgres.js')
  return postgresSink(url.href, options)
}
