import { expect, it } from 'vitest'
import { StagedPages } from '../../../src/sinks/staged-pages.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { LogCheckpoint } from '../../../src/types/checkpoint.js'

const entry = (log: string, index: number) => ({ log: { id: log }, index }) as CtCertificate
const row = (log: string, position: number) => ({ log: { id: log }, position }) as LogCheckpoint
const shown = (entries: readonly CtCertificate[]) => entries.map(({ log, index }) => `${log.id}${index}`)

it('staged pages give each entry once and in order, with the position that covers it', () => {
  const pages = new StagedPages()
  pages.add([entry('a', 0), entry('a', 1)])
  pages.add([entry('b', 7)])
  expect(pages.coveredBy([row('c', 100)])).toEqual([])
  const first = pages.coveredBy([row('a', 1), row('b', 8)])
  expect(shown(first)).toEqual(['a0', 'b7'])
  // As long as nothing says that they are in the engine, they are given again: with what came meanwhile.
  pages.add([entry('a', 2)])
  expect(shown(pages.coveredBy([row('a', 3)]))).toEqual(['a0', 'a1', 'a2'])
  pages.remove(first)
  expect(shown(pages.coveredBy([row('a', 3), row('b', 8)]))).toEqual(['a1', 'a2'])
  // What was acknowledged behind an entry that the position stays at.
  expect(shown(pages.coveredBy([{ ...row('a', 1), acknowledged: 2 }]))).toEqual(['a1'])
  pages.clear()
  expect(pages.coveredBy([row('a', 3)])).toEqual([])
})
