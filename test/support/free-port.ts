import { createServer } from 'node:net'

/** Below the ports that systems give to clients by themselves: one of those may be taken again at any moment. */
const [FIRST, LAST] = [20_000, 32_000]

/**
 * A port of loopback that nobody listens at.
 *
 * @param count - How many, one after the other, of which this is the first.
 */
export async function freePort(count = 1): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST - count))
    const tried = await Promise.all(Array.from({ length: count }, (_, i) => isFree(port + i)))
    if (tried.every(Boolean)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
