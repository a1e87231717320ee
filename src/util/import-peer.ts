import { CtStreamError } from '../errors.js'
import { importFailure } from './import-failure.js'

/**
 * Loads a package that only one engine needs, and that is therefore an optional peer dependency.
 *
 * @param engine - Its name in messages, such as `Kafka`.
 * @param load - `() => import('name')`, written out so that bundlers see the name.
 * @param install - Arguments for `npm install`: all packages of the engine.
 * @throws {@link CtStreamError} `CT_PEER_MISSING`, saying what to install.
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
