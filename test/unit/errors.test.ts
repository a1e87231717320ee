import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../src/errors.js'

describe('CtStreamError', () => {
  it('carries code, cause and context, and says so in JSON', () => {
    const cause = new SyntaxError('Unexpected token <')
    const error = new CtStreamError('CT_RESPONSE_MALFORMED', 'not JSON', { cause, retryable: true, url: 'u', index: 3 })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'CtStreamError',
      code: 'CT_RESPONSE_MALFORMED',
      retryable: true,
      url: 'u',
      index: 3,
    })
    expect(error.cause).toBe(cause)
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'CtStreamError',
      code: 'CT_RESPONSE_MALFORMED',
      message: 'not JSON',
      retryable: true,
      url: 'u',
      index: 3,
      cause: 'SyntaxError: Unexpected token <',
    })
  })

  it('is not retryable and has no cause by default', () => {
    const error = new CtStreamError('CT_CLOSED', 'closed')
    expect(error.retryable).toBe(false)
    expect('cause' in error).toBe(false)
  })

  it('is recognized across copies of the package, and nothing else is', () => {
    const other = Object.defineProperty(new Error('x'), Symbol.for('ct-stream.error'), { value: true })
    expect(CtStreamError.is(other)).toBe(true)
    expect(CtStreamError.is(new CtStreamError('CT_CLOSED', ''))).toBe(true)
    for (const value of [new Error('x'), null, undefined, 'CT_CLOSED', {}]) expect(CtStreamError.is(value)).toBe(false)
  })
})
