/// <reference path="./undici-lib.d.ts" />
import type { Client, Pool } from 'undici'

/**
 * The parts of undici that the transport needs. All of it, with `fetch`, WebSocket and mocks, takes longer to load (85 instead of 50 ms)
 * and more memory (10 instead of 6 MB), through which every garbage collection goes.
 */
export async function undiciParts(): Promise<{ Client: typeof Client; Pool: typeof Pool }> {
  try {
    const [client, pool] = await Promise.all([
      import('undici/lib/dispatcher/client.js'),
      import('undici/lib/dispatcher/pool.js'),
    ])
    return { Client: client.default, Pool: pool.default }
  } catch {
    // undici does not promise its file layout: another version may have another one.
    return await import('undici')
  }
}
