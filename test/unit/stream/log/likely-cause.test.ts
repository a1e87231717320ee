import { describe, expect, it } from 'vitest'
import { type CtErrorCode, type CtErrorContext, CtStreamError } from '../../../../src/errors.js'
import { likelyCause } from '../../../../src/stream/log/likely-cause.js'
import { LOG } from '../../../support/memory-log.js'

const error = (code: CtErrorCode, message: string, context: CtErrorContext = {}) =>
  new CtStreamError(code, message, context)
const failed = (code: string, message = code) =>
  error('CT_HTTP_NETWORK', message, {
    cause: new TypeError('fetch failed', { cause: Object.assign(new Error(), { code }) }),
  })
const notFound = error('CT_HTTP_STATUS', '404 Not Found', { status: 404 })
const tiled = { ...LOG, kind: 'static-ct' } as const
const deep = { ...LOG, url: 'https://log.example.net/ct/v1/' }

describe('likelyCause', () => {
  it.each([
    [failed('ECONNREFUSED'), LOG, /^ECONNREFUSED; nothing listens/],
    [failed('ENOTFOUND'), LOG, /; the host name is wrong, or there is no network/],
    [failed('EPROTO'), LOG, /; the server does not speak TLS on that port/],
    [failed('ERR_X', 'SSL: wrong version number'), LOG, /; the server does not speak TLS on that port/],
    [failed('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), LOG, /; its TLS certificate is not trusted here/],
    [failed('SELF_SIGNED_CERT_IN_CHAIN'), LOG, /; its TLS certificate is not trusted here: see NODE_EXTRA_CA_CERTS/],
    [failed('ERR_TLS_CERT_ALTNAME_INVALID'), LOG, /; its TLS certificate is not trusted/],
    [notFound, tiled, /; no static-ct log is at that URL: it has to be the monitoring, not the submission URL$/],
    [notFound, LOG, /; no RFC 6962 log is at that URL: a static-ct log needs its submission URL, too/],
    [notFound, deep, /; leave \/ct\/v1\/ out of the URL$/],
    [error('CT_RESPONSE_MALFORMED', 'its origin is not "x"'), tiled, /; the submission URL is another one/],
    [error('CT_KEY_MISMATCH', '…'), LOG, /^no head verifies with the key given \(logs\[\].key, --key\)$/],
    [error('CT_HTTP_TIMEOUT', 'the headers took too long'), LOG, /^the headers took too long$/],
  ])('of %s', (trouble, log, expected) => {
    expect(likelyCause(trouble, log, false)).toMatch(expected)
  })

  it('does not blame the address of a log that answered before', () => {
    expect(likelyCause(notFound, tiled, true)).toBe('404 Not Found')
  })
})
