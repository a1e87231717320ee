import type { Transport } from '../http/transport.js'
import { VERSION } from '../version.js'

/** Makes the transport for lists at URLs: bounded, and following no redirects. */
export async function listTransport(fetchFunction?: typeof fetch): Promise<Transport> {
  const [{ createTransport }, { userAgent }] = await Promise.all([
    import('../http/create-transport.js'),
    import('../http/user-agent.js'),
  ])
  return createTransport({
    userAgent: userAgent(VERSION),
    ...(fetchFunction !== undefined && { fetch: fetchFunction }),
  })
}
