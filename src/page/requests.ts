/** Fetches a whole certificate. @throws When it is not available, with a reason for people. */
export async function certificateOf(id: string): Promise<Record<string, unknown>> {
  const answer = await request(`certificate?id=${encodeURIComponent(id)}`)
  if (answer.status === 404) throw new Error('The server does not keep this certificate any more.')
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`)
  return answer.json()
}

const TOKEN_KEY = 'ct-stream token'

/** The token entered in this tab; empty if there is none. */
function token(): string {
  return sessionStorage.getItem(TOKEN_KEY) ?? ''
}

/** Whether a token was entered in this tab. */
export function hasToken(): boolean {
  return token() !== ''
}

/** Remembers the token in this tab until it is closed. */
export function setToken(value: string): void {
  sessionStorage.setItem(TOKEN_KEY, value)
}

/** @param path - Relative to `ui/`, so that it works below any path of a proxy. */
export function request(path: string, signal?: AbortSignal): Promise<Response> {
  const secret = token()
  const headers: Record<string, string> = secret === '' ? {} : { Authorization: `Bearer ${secret}` }
  return fetch(`ui/${path}`, { headers, cache: 'no-store', signal: signal ?? null })
}
