import type { Flag } from './flags.js'

const LISTENING = 'Where it listens:'
const KEPT = 'What clients can resume from:'
const ACCESS = 'Who may connect:'

/** Of `ct-stream serve`, beside those of the stream. */
export const serveFlags: readonly Flag[] = [
  {
    name: 'host',
    type: 'text',
    value: 'ADDRESS',
    help: 'address to listen on (default 127.0.0.1: this machine alone; 0.0.0.0 or :: for all)',
    group: LISTENING,
  },
  {
    name: 'port',
    type: 'text',
    value: 'N',
    help: 'port to listen on, 0 for a free one (default 8080)',
    group: LISTENING,
  },
  { name: 'tls-cert', type: 'text', value: 'FILE', help: 'certificate chain in PEM, with --tls-key', group: LISTENING },
  { name: 'tls-key', type: 'text', value: 'FILE', help: 'its private key in PEM', group: LISTENING },
  {
    name: 'keep',
    type: 'text',
    value: 'FILE',
    help: 'where sent certificates are kept (default ct-stream-kept.db beside the checkpoint)',
    group: KEPT,
    conflicts: ['no-keep'],
  },
  { name: 'no-keep', type: 'switch', help: 'keep none: clients that come back have a gap', group: KEPT },
  { name: 'keep-for', type: 'text', value: 'TIME', help: 'how long, such as 30m or 6h (default 1h)', group: KEPT },
  { name: 'keep-mib', type: 'text', value: 'N', help: 'how much, MiB at most (default 1024)', group: KEPT },
  {
    name: 'token',
    type: 'list',
    value: 'SECRET',
    help: 'clients need one of these; better as CT_STREAM_TOKEN, or as sha256:HEX in a file',
    group: ACCESS,
  },
  {
    name: 'api-token',
    type: 'list',
    value: 'SECRET',
    help: 'a token for /api alone, which takes those of --token, too',
    group: ACCESS,
  },
  {
    name: 'read-token',
    type: 'list',
    value: 'SECRET',
    help: 'a token to read /api with, without changing anything',
    group: ACCESS,
  },
  {
    name: 'allow-origin',
    type: 'list',
    value: 'ORIGIN',
    help: 'web pages that may connect, such as https://example.com, or * for all',
    group: ACCESS,
  },
  {
    name: 'trusted-proxy',
    type: 'list',
    value: 'ADDRESS',
    help: 'address or network of a proxy whose X-Forwarded-For is believed',
    group: ACCESS,
  },
  { name: 'max-clients', type: 'text', value: 'N', help: 'clients at a time (default 10000)', group: ACCESS },
  {
    name: 'max-clients-per-address',
    type: 'text',
    value: 'N',
    help: 'clients of one address at a time (default 100)',
    group: ACCESS,
  },
]

/** Of those, what every server has that keeps nothing for its clients. */
export const serverFlags: readonly Flag[] = serveFlags.filter(({ group }) => group !== KEPT)

/** Where a server listens, without TLS. */
export const listeningFlags: readonly Flag[] = serveFlags.filter(({ name }) => name === 'host' || name === 'port')
