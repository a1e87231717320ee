import { CtStreamError } from '../errors.js'

const PROJECT_URL = 'https://www.npmjs.com/package/ct-stream'

/**
 * The `User-Agent` of every request: `ct-stream/<version> (+<project>)`, then the contact.
 *
 * Several operators serve clients that name neither an e-mail address nor a URL from one slow tier, and write to the
 * address before they block it.
 *
 * @param version - Of this package, such as `0.1.0`.
 * @param contact - An e-mail address or an `https:` URL of whoever runs the client.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` when `contact` is neither.
 */
export function userAgent(version: string, contact?: string): string {
  const product = `ct-stream/${version} (+${PROJECT_URL})`
  return contact === undefined ? product : `${product} ${checkedContact(contact)}`
}

function checkedContact(contact: unknown): string {
  if (typeof contact === 'string' && contact.length <= 254 && (isEmail(contact) || isHttpsUrl(contact))) return contact
  const got = typeof contact === 'string' ? JSON.stringify(contact.slice(0, 80)) : String(contact)
  throw new CtStreamError(
    'CT_OPTION_INVALID',
    `contact must be an e-mail address or an https URL of at most 254 characters, got ${got} (${typeof contact})`,
  )
}

// Deliberately simple: printable ASCII with one @ between a name and a domain; parentheses would end a comment.
function isEmail(text: string): boolean {
  return /^[!#-'*+\-./0-9=?A-Z^_`a-z{|}~]+@[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)+$/.test(text)
}

function isHttpsUrl(text: string): boolean {
  if (!/^https:\/\/[!-'*-~]+$/.test(text) || !URL.canParse(text)) return false
  const url = new URL(text)
  return url.hostname !== '' && url.username === '' && url.password === ''
}
