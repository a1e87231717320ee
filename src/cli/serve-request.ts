import { dirname, join } from 'node:path'
import type { ServerOptions } from '../server/options.js'
import { checkpointPath, isUnnamed } from './checkpoint-file.js'
import type { CommandContext } from './command.js'
import { given } from './flags/given.js'
import type { Values } from './flags/values.js'
import { keepForFrom } from './flags/when.js'
import { tlsFiles } from './tls-files.js'

const MIB = 1024 * 1024

/**
 * Options of `createServer()` from the flags; only those that were given.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag.
 */
export async function serveRequest(context: CommandContext): Promise<Omit<ServerOptions, 'source'>> {
  const { values } = context
  return given<Omit<ServerOptions, 'source'>>({
    host: values.text('host'),
    port: values.integer('port', 0, 65_535),
    keep: values.switch('no-keep') ? false : keepFrom(values),
    tls: await tlsFiles(context),
    tokens: listFrom(values, 'token'),
    apiTokens: listFrom(values, 'api-token'),
    readTokens: listFrom(values, 'read-token'),
    store: undefined,
    health: undefined,
    cluster: undefined,
    queue: undefined,
    modules: undefined,
    allowedOrigins: listFrom(values, 'allow-origin'),
    trustedProxies: listFrom(values, 'trusted-proxy'),
    maxClients: values.integer('max-clients', 1, 1_000_000),
    maxClientsPerAddress: values.integer('max-clients-per-address', 1, 1_000_000),
    maxQueueBytes: undefined,
    pingEveryMs: undefined,
    clientTimeoutMs: undefined,
    handshakeTimeoutMs: undefined,
    logger: undefined,
    clock: context.io.clock,
  })
}

function keepFrom(values: Values): NonNullable<ServerOptions['keep']> {
  const maxMib = values.integer('keep-mib', 1, 2 ** 30)
  return given({
    // A checkpoint that is a `file:` URL or in memory has no folder of its own.
    file: values.text('keep') ?? join(folderOf(checkpointPath(values)), 'ct-stream-kept.db'),
    forMs: keepForFrom(values),
    maxBytes: maxMib === undefined ? undefined : maxMib * MIB,
  })
}

function folderOf(checkpoint: string | undefined): string {
  return checkpoint === undefined || isUnnamed(checkpoint) ? '.' : dirname(checkpoint)
}

function listFrom(values: Values, name: string): readonly string[] | undefined {
  return values.has(name) ? values.list(name) : undefined
}
