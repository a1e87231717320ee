import type { TestLog } from '../../src/testing/index.js'
import type { Clock } from '../../src/types/clock.js'
import type { LogSpec } from '../../src/types/log.js'

/** Requests that a host takes at once, after it was idle. */
const BURST = 2

/** One host before several logs that lets so many requests a second through over all of them, and refuses the others (429). */
export function throttledHost(logs: readonly TestLog[], clock: Clock, requestsPerSecond: number) {
  let tokens = BURST
  let at = clock.now()
  const specs = logs.map(({ spec }, i) => ({ ...spec, url: `http://127.0.0.1:1/log${i}/` }) as LogSpec)
  const isAdmitted = () => {
    const now = clock.now()
    tokens = Math.min(BURST, tokens + ((now - at) / 1000) * requestsPerSecond)
    at = now
    if (tokens < 1) return false
    tokens--
    return true
  }
  const ask = async (address: string, init: RequestInit): Promise<Response> => {
    const { pathname, search } = new URL(address)
    const [, i, path] = /^\/log(\d+)\/(.*)$/.exec(pathname) as RegExpExecArray
    const { url } = (logs[Number(i)] as TestLog).spec as { url: string }
    return isAdmitted() ? fetch(new URL(`${path}${search}`, url), init) : new Response('slow down', { status: 429 })
  }
  return { specs, fetch: ask as typeof fetch }
}
