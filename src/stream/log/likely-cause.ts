import type { CtStreamError } from '../../errors.js'
import type { LogInfo } from '../../types/log.js'

/**
 * Why a log most likely does not answer, and what to look at, in half a sentence.
 *
 * @param wasReached - Whether it answered anything before: then it is not its address that is wrong.
 */
export function likelyCause(error: CtStreamError, { kind, url }: LogInfo, wasReached: boolean): string {
  const { message } = error
  if (error.code === 'CT_KEY_MISMATCH') return 'no head verifies with the key given (logs[].key, --key)'
  if (wasReached) return message
  const hint = hintFor(error, kind, url)
  return hint === undefined ? message : `${message}; ${hint}`
}

function hintFor(error: CtStreamError, kind: LogInfo['kind'], url: string): string | undefined {
  const { message, status, code } = error
  const systemCode = codeOf(error)
  if (systemCode === 'ECONNREFUSED') return 'nothing listens at that address'
  if (systemCode === 'ENOTFOUND' || systemCode === 'EAI_AGAIN')
    return 'the host name is wrong, or there is no network here'
  if (systemCode === 'EPROTO' || /wrong version number|packet length too long/i.test(message))
    return 'the server does not speak TLS on that port: is it an http: URL?'
  if (systemCode !== undefined && /CERT|SELF_SIGNED|ALTNAME|ISSUER|LEAF_SIGNATURE/.test(systemCode))
    return 'its TLS certificate is not trusted here: see NODE_EXTRA_CA_CERTS'
  if (status === 404 || status === 410) return notThere(kind, url)
  if (code === 'CT_RESPONSE_MALFORMED' && /its origin is not/.test(message))
    return 'the submission URL is another one (submissionUrl, --submission-url)'
  return undefined
}

function notThere(kind: LogInfo['kind'], url: string): string {
  if (kind === 'static-ct')
    return 'no static-ct log is at that URL: it has to be the monitoring, not the submission URL'
  if (/\/ct\/v1\/?$/.test(url)) return 'leave /ct/v1/ out of the URL'
  return 'no RFC 6962 log is at that URL: a static-ct log needs its submission URL, too (--submission-url)'
}

/** The error code of the system or of OpenSSL. */
function codeOf(error: CtStreamError): string | undefined {
  let cause: unknown = error.cause
  for (let depth = 0; depth < 6 && typeof cause === 'object' && cause !== null; depth++) {
    const { code, errors, cause: inner } = cause as { code?: unknown; errors?: unknown; cause?: unknown }
    if (typeof code === 'string' && !code.startsWith('UND_')) return code
    cause = Array.isArray(errors) ? errors[0] : inner
  }
  return undefined
}
