import { describe, expect, it } from 'vitest'
import { SentPages } from '../../../../src/modules/threads/sent-pages.js'
import { BufferPool } from '../../../../src/util/buffer-pool.js'
import { pagesOf } from '../../../support/acknowledged-source.js'
import { madeCertificates } from '../../../support/module-certificates.js'

const pages = pagesOf(madeCertificates(60), 3)

function sending(modules: number) {
  let made = 0
  const forgotten: number[] = []
  const pool = new BufferPool((length) => {
    made++
    return Buffer.from(new SharedArrayBuffer(length))
  })
  const sent = new SentPages(
    () => modules,
    pool,
    (pages) => void forgotten.push(...pages),
  )
  return { sent, forgotten, made: () => made }
}

describe('pages sent to a thread', () => {
  it('are written once for all modules, and forgotten by the last', () => {
    const { sent, forgotten, made } = sending(2)
    for (const page of pages) {
      const [first, second] = [sent.ask(page), sent.ask(page)]
      expect([first.bytes?.count, second.bytes]).toEqual([3, undefined])
      expect([first.isLast, second.isLast, first.page === second.page]).toEqual([false, true, true])
      for (const { release } of [first, second]) release()
    }
    expect(forgotten).toEqual([])
    // The memory is used again.
    expect(made()).toBe(1)
  })

  it('keep their memory while a module reads them', () => {
    const { sent, made } = sending(1)
    const asked = pages.map((page) => sent.ask(page))
    expect(asked.every(({ isLast }) => isLast)).toBe(true)
    expect(new Set(asked.map(({ bytes }) => bytes?.memory)).size).toBe(pages.length)
    for (const { release } of asked) release()
    for (const page of pages) sent.ask(page)
    expect(made()).toBe(pages.length)
  })

  it('are bounded when a module does not come, and written again when it does', () => {
    const { sent, forgotten } = sending(2)
    for (const page of pages) sent.ask(page).release()
    expect(forgotten).toEqual(Array.from({ length: pages.length - 8 }, (_, i) => i + 1))
    expect(sent.ask(pages[0] as (typeof pages)[number]).bytes?.count).toBe(3)
    expect(sent.ask(pages.at(-1) as (typeof pages)[number]).bytes).toBeUndefined()
  })
})
