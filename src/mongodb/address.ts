import { CtStreamError } from '../errors.js'

/** MongoDB servers and a database, as a connection string describes them. */
export interface MongoAddress {
  /** The connection string without our own parameters. The client checks its options when it is opened. */
  readonly url: string
  readonly database: string
  /** Begins the names of collections. Default `ct`. */
  readonly prefix: string
  /** For messages: without user and password. */
  readonly shown: string
}

const SYNTAX = 'mongodb://[user:password@]host[:port][,…][/database], or mongodb+srv://'
const PREFIX = /^[A-Za-z0-9_-]{1,100}$/
const DATABASE = /^[^\s/\\."$*<>:|?]{1,63}$/
/** Options that would make an acknowledgement worth less than the sink needs. */
const WEAKER: readonly (readonly [string, RegExp, string])[] = [
  ['w', /^majority$/, 'what fewer servers have than a majority can be lost'],
  ['journal', /^true$/, 'what is not in the journal can be lost'],
  ['readPreference', /^primary$/, 'positions are read from the primary'],
]

/**
 * Reads a MongoDB connection string, of any form the client takes, with the parameter `prefix` beside those of the client.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`; the message never contains the password.
 */
export function mongoAddress(text: string): MongoAddress {
  const match = /^(mongodb(?:\+srv)?:\/\/)([^/@]*@)?([^/?#@\s]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(text)
  if (match === null) throw invalid(`is not ${SYNTAX}`)
  const [, scheme = '', login = '', hosts = '', path = '', query = ''] = match
  const parameters = new URLSearchParams(query)
  const prefix = parameters.get('prefix') ?? 'ct'
  if (!PREFIX.test(prefix)) throw invalid('has a prefix that is not 1 to 100 of letters, digits, "_" and "-"')
  for (const [name, value] of parameters)
    for (const [weaker, enough, why] of WEAKER)
      if (name.toLowerCase() === weaker.toLowerCase() && !enough.test(value))
        throw invalid(`sets ${weaker} to something else than the sink needs: leave it out (${why})`)
  const database = decoded(path) || 'ct'
  if (!DATABASE.test(database)) throw invalid('has a database whose name MongoDB does not allow')
  const others = query.split('&').filter((parameter) => parameter !== '' && !parameter.startsWith('prefix='))
  return {
    url: `${scheme}${login}${hosts}/${path}${others.length > 0 ? `?${others.join('&')}` : ''}`,
    database,
    prefix,
    shown: `${scheme}${hosts}/${database}`,
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw invalid('has a database with a "%" that begins no escape: write %25 for it')
  }
}

const invalid = (what: string) => new CtStreamError('CT_OPTION_INVALID', `the MongoDB URL ${what}`)
