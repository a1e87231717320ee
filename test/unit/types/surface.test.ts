import { Readable } from 'node:stream'
import type { Agent, Dispatcher, MockAgent, ProxyAgent } from 'undici'
import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  type CertificateIterator,
  type CtCertificate,
  type CtStream,
  type CtStreamOptions,
  ctStream,
  decodeCertificate,
  type FollowedLog,
  getEntry,
  type ListedLog,
  type LogKeys,
  type LogSpec,
  type ProvenCertificate,
  probeLog,
} from '../../../src/index.js'
import { createTestLog, type IssuedCertificate, issueCertificates } from '../../../src/testing/index.js'

// What is said of types here is checked by `npm run types`; run, it says nothing.
describe('the types of the public surface', () => {
  it('give certificates, one by one and in batches', () => {
    expectTypeOf(ctStream).returns.toEqualTypeOf<CtStream>()
    expectTypeOf<CtStream[typeof Symbol.asyncIterator]>().returns.toEqualTypeOf<CertificateIterator<CtCertificate>>()
    expectTypeOf<CtStream['batches']>().returns.toEqualTypeOf<CertificateIterator<readonly CtCertificate[]>>()
    expectTypeOf<CertificateIterator<CtCertificate>>().toExtend<
      AsyncIterableIterator<CtCertificate> & AsyncDisposable
    >()
    expectTypeOf<CtStream['readable']>().returns.toExtend<Readable>()
  })

  it('accept any dispatcher of undici, and nothing else', () => {
    expectTypeOf<Agent | MockAgent | ProxyAgent | Dispatcher>().toExtend<NonNullable<CtStreamOptions['dispatcher']>>()
    expectTypeOf<object>().not.toExtend<NonNullable<CtStreamOptions['dispatcher']>>()
  })

  it('take the logs of a stream as keys, and listed logs wherever a log is named', () => {
    expectTypeOf<readonly FollowedLog[]>().toExtend<LogKeys>()
    expectTypeOf<readonly ListedLog[]>().toExtend<LogKeys>()
    expectTypeOf(getEntry).parameter(0).toEqualTypeOf<LogSpec | ListedLog>()
    expectTypeOf(probeLog).parameter(0).toEqualTypeOf<LogSpec | ListedLog>()
    expectTypeOf(getEntry).returns.resolves.toEqualTypeOf<ProvenCertificate>()
    expectTypeOf(decodeCertificate).returns.resolves.toEqualTypeOf<CtCertificate>()
  })

  it('type the payload of every event', () => {
    const stream = ctStream({ checkpoint: false })
    stream.on('head', ({ head }) => expectTypeOf(head.treeSize).toEqualTypeOf<number>())
    stream.removeListener('error', ({ error }) => expectTypeOf(error.retryable).toEqualTypeOf<boolean>())
    // @ts-expect-error There is no such event.
    stream.on('data', () => {})
  })

  it('say for certificates that fields may be missing, and dates are dates', () => {
    expectTypeOf<CtCertificate['notAfter']>().toEqualTypeOf<Date | undefined>()
    expectTypeOf<CtCertificate['pem']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<CtCertificate['dnsNames']>().toEqualTypeOf<readonly string[]>()
  })

  it('let a number of certificates be lazy, and those asked for be a list', () => {
    expectTypeOf(issueCertificates(1)).toEqualTypeOf<IterableIterator<IssuedCertificate>>()
    expectTypeOf(issueCertificates({})).toEqualTypeOf<readonly IssuedCertificate[]>()
    // @ts-expect-error A misspelled member.
    expect(() => issueCertificates({ dnsName: [] })).toThrow()
    expectTypeOf(createTestLog).returns.resolves.toExtend<AsyncDisposable>()
  })
})

describe('a test double', () => {
  it('is a stream to whoever takes one, without any class of this library', async () => {
    const count = async (stream: CtStream) => {
      let read = 0
      for await (const _ of stream) read++
      await stream.close()
      return read
    }
    const [item] = issueCertificates({ dnsNames: ['a.example'] })
    const certificates = [await decodeCertificate(item?.der as Uint8Array)]
    const double: CtStream = {
      [Symbol.asyncIterator]: () => iteratorOver(certificates),
      batches: () => iteratorOver([certificates]),
      readable: () => Readable.from(certificates),
      acknowledgement: 'manual',
      acknowledge: () => {},
      commit: async () => {},
      status: () => ctStream({ checkpoint: false }).status(),
      logs: () => [],
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
      on: () => double,
      once: () => double,
      off: () => double,
      removeListener: () => double,
    }
    expect(await count(double)).toBe(1)
  })
})

function iteratorOver<T>(values: readonly T[]): CertificateIterator<T> {
  const left = [...values]
  const iterator: CertificateIterator<T> = {
    [Symbol.asyncIterator]: () => iterator,
    [Symbol.asyncDispose]: async () => {},
    next: async () =>
      left.length === 0 ? { done: true, value: undefined } : { done: false, value: left.shift() as T },
  }
  return iterator
}
