import { CtStreamError } from '../errors.js'
import { importFailure } from './import-failure.js'

/**
 * Loads a package that is needed for one engine only, and therefore an optional peer.
 *
 * @param engine - As users know it: `Kafka`.
 * @param load - `() => import('name')`, written out so that bundlers see the name.
 * @param install - What `npm install` is to be given, all packages of the engine.
 * @throws {@link CtStreamError} `CT_PEER_MISSING`, with what to install.
 */
export async function importPeer<T>(engine: string, load: () => Promise<T>, install: string): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    throw new CtStreamError(
      'CT_PEER_MISSING',
      `${engine} needs a package that could not be loaded: npm install ${install} (${importFailure(cause, '')})`,
      { cause },
    )
  }
}
