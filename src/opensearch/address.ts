import { type EngineUrl, engineUrl } from '../util/engine-url.js'

/** Elasticsearch or OpenSearch servers, as a URL describes them. */
export interface SearchAddress {
  readonly url: EngineUrl
  readonly apiKey: string | undefined
  /** Of indexes that are made: copies beside the first one (default 1), and parts (default 1). */
  readonly replicas: number
  readonly shards: number
  /** Of all indexes. */
  readonly prefix: string
  readonly shown: string
}

/**
 * Reads `opensearch://[user:password@]host[:port][,…]` or `elasticsearch://`, `opensearchs://` or `elasticsearchs://` for TLS; parameters
 * `apikey`, `replicas`, `shards`, `prefix` and those of TLS.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`; the message never contains the password.
 */
export function searchAddress(text: string): SearchAddress {
  const isElastic = /^elasticsearchs?:/.test(text)
  const url = engineUrl(text, {
    engine: isElastic ? 'Elasticsearch' : 'OpenSearch',
    schemes: isElastic ? ['elasticsearch', 'elasticsearchs'] : ['opensearch', 'opensearchs'],
    port: 9200,
    parameters: ['apikey', 'replicas', 'shards'],
    manyHosts: true,
  })
  const { prefix } = url
  if (url.path !== '') throw url.invalid('has a path: write the prefix of indexes as a parameter, ?prefix=ct')
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(prefix))
    throw url.invalid('has a prefix that no index may have: lower case, and a letter or digit first')
  const apiKey = url.text('apikey')
  if (apiKey !== undefined && url.password !== undefined) throw url.invalid('has both a password and an apikey')
  if (apiKey !== undefined && !/^[A-Za-z0-9+/=_-]{1,1000}$/.test(apiKey))
    throw url.invalid('has an apikey that is not the base64 of one')
  return {
    url,
    apiKey,
    replicas: url.count('replicas', 0, 10) ?? 1,
    shards: url.count('shards', 1, 100) ?? 1,
    prefix,
    shown: url.shown,
  }
}
