/// <reference path="./undici-lib.d.ts" />
import type { Client, Pool } from 'undici'

/**
 * The parts of undici that the transport needs. The whole of it, with a `fetch`, WebSocket and mocks, takes twice as long to load
 * (85 against 50 ms) and stays in memory, where every garbage collection looks through it (10 against 6 MB).
 */
export async function undiciParts(): Promise<{ Client: typeof Client; Pool: typeof Pool }> {
  try {
    const [client, pool] = await Promise.all([
      import('undici/lib/dispatcher/client.js'),
      import('undici/lib/dispatcher/pool.js'),
    ])
    return { Client: client.default, Pool: pool.default }
  } catch {
    // How undici is laid out inside is no promise of it: another version may be so in another way.
    return await import('undici')
  }
}
