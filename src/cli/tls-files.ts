import type { CtServer } from '../server/create-server.js'
import type { ServerTls } from '../server/options.js'
import type { Logger } from '../types/clock.js'
import type { CommandContext } from './command.js'
import { usageError } from './flags/usage-error.js'

/** Longest file of a certificate chain or key. */
const MAX_PEM_BYTES = 1024 * 1024
/** How often the files are looked at, milliseconds. */
const LOOK_EVERY_MS = 60_000

/**
 * The certificate and key that the flags name; `undefined` without them.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag.
 */
export async function tlsFiles(context: CommandContext): Promise<ServerTls | undefined> {
  const { values } = context
  const [cert, key] = [values.text('tls-cert'), values.text('tls-key')]
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined)
    throw usageError(`${values.from(cert === undefined ? 'tls-key' : 'tls-cert')} needs --tls-cert and --tls-key`)
  return { cert: await pemFrom(context, 'tls-cert', cert), key: await pemFrom(context, 'tls-key', key) }
}

async function pemFrom({ io, values }: CommandContext, flag: string, path: string): Promise<Uint8Array> {
  try {
    return await io.readFile(path, MAX_PEM_BYTES)
  } catch (cause) {
    throw usageError(`${values.from(flag)} cannot be read: ${cause instanceof Error ? cause.message : cause}`, cause)
  }
}

export interface RenewalOptions {
  readonly context: CommandContext
  readonly server: Pick<CtServer, 'setTls'>
  /** What the server was made with; `undefined`: without TLS. */
  readonly begun: ServerTls | undefined
  readonly logger: Logger
  /** Ends it. */
  readonly stop: AbortSignal
}

/**
 * Looks at the files of certificate and key every minute, and has the server take up what is new. SIGHUP is no sign for that: it ends the program, as
 * a terminal that is closed asks for. While they cannot be used, as between the writing of the one and the other, the server keeps those it has.
 */
export async function renewTls({ context, server, begun, logger, stop }: RenewalOptions): Promise<void> {
  if (begun === undefined) return
  let seen = begun
  let problem: string | undefined
  const isOver = () =>
    context.io.clock.sleep(LOOK_EVERY_MS, stop).then(
      () => stop.aborted,
      () => true,
    )
  while (!(await isOver())) {
    try {
      const now = await tlsFiles(context)
      if (now === undefined || stop.aborted || areSame(now, seen)) continue
      server.setTls(now)
      seen = now
      problem = undefined
      logger.info('the renewed certificate and key are taken up')
    } catch (error) {
      const { message } = error as Error
      // Once for each problem, not every minute.
      if (message !== problem)
        logger.warn('the certificate and key have changed and cannot be used: the old ones are kept', { error })
      problem = message
    }
  }
}

function areSame(one: ServerTls, other: ServerTls): boolean {
  return (['cert', 'key'] as const).every((name) => Buffer.compare(bytesOf(one[name]), bytesOf(other[name])) === 0)
}

function bytesOf(pem: string | Uint8Array): Uint8Array {
  return typeof pem === 'string' ? Buffer.from(pem) : pem
}
