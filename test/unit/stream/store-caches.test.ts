import { describe, expect, it } from 'vitest'
import { StoreCaches } from '../../../src/stream/store-caches.js'
import { StoreQueue } from '../../../src/stream/store-queue.js'
import type { CheckpointStore, StoredList } from '../../../src/types/checkpoint.js'
import { sha256Hex } from '../../../src/util/hash.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const DER = Uint8Array.of(0x30, 0)
const FINGERPRINT = sha256Hex(DER)
const LIST: StoredList = { url: 'u', body: DER, etag: undefined, lastModified: 'now', fetchedAt: 5 }

/** Caches over a store that answers from functions, and what was logged. */
function cachesOver(store: Partial<CheckpointStore>) {
  const queue = new StoreQueue({ clock: new VirtualClock(), random: () => 0, onTrouble() {}, onRecovery() {} })
  const warnings: string[] = []
  const logger = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} }
  return { caches: new StoreCaches(store as CheckpointStore, queue, logger), warnings }
}

describe('what a store keeps to save requests', () => {
  it('is given back', async () => {
    const { caches } = cachesOver({ issuer: () => DER, list: async () => LIST })
    expect(await caches.issuer(FINGERPRINT)).toBe(DER)
    expect(await caches.list('u')).toBe(LIST)
  })

  it.each([
    ['nothing', undefined],
    ['another certificate', Uint8Array.of(0x30, 1)],
    ['bytes through JSON', JSON.parse(JSON.stringify(DER))],
    ['null', null],
    ['text', 'MAA='],
  ])('is fetched anew when the issuer is %s', async (_, answer) => {
    const { caches } = cachesOver({ issuer: () => answer as never })
    expect(await caches.issuer(FINGERPRINT)).toBeUndefined()
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['the list of another URL', { ...LIST, url: 'v' }],
    ['a body through JSON', { ...LIST, body: JSON.parse(JSON.stringify(DER)) }],
    ['an etag that is a number', { ...LIST, etag: 5 }],
    ['a time that is none', { ...LIST, fetchedAt: Number.NaN }],
  ])('is fetched anew when the list is %s', async (_, answer) => {
    const { caches } = cachesOver({ list: () => answer as never })
    expect(await caches.list('u')).toBeUndefined()
  })

  it('may fail: a warning once for each thing, until it works again', async () => {
    let fails = true
    const work = () => {
      if (fails) throw new Error('out of order')
      return undefined
    }
    const { caches, warnings } = cachesOver({ issuer: work, putIssuer: work, list: work, putList: work })
    const all = async () => {
      await caches.putList(LIST)
      await caches.putIssuer(FINGERPRINT, DER)
      expect([await caches.issuer(FINGERPRINT), await caches.list('u')]).toEqual([undefined, undefined])
    }
    await all()
    await all()
    const said = (doing: string) => `the checkpoint store failed to ${doing}; it is fetched anew: out of order`
    const once = ['keep a log list', 'keep an issuer', 'read an issuer', 'read a log list'].map(said)
    expect(warnings).toEqual(once)
    fails = false
    await all()
    fails = true
    await all()
    expect(warnings).toEqual([...once, ...once])
  })
})
