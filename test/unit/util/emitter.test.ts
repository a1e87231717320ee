import { expect, it, onTestFinished, vi } from 'vitest'
import { Emitter } from '../../../src/util/emitter.js'

class Numbers extends Emitter<{ number: number }> {
  give(number: number): void {
    this.emit('number', number)
  }
}

it('calls every listener, also behind one that throws, whose error is thrown on its own', () => {
  const later: (() => void)[] = []
  vi.stubGlobal('queueMicrotask', (call: () => void) => void later.push(call))
  onTestFinished(() => void vi.unstubAllGlobals())
  const seen: string[] = []
  const numbers = new Numbers()
    .on('number', (n) => seen.push(`first ${n}`))
    .on('number', (n) => {
      throw new Error(`a ${n}`)
    })
    .once('number', (n) => {
      seen.push(`once ${n}`)
      throw new Error(`b ${n}`)
    })
    .on('number', (n) => seen.push(`last ${n}`))
  numbers.give(1)
  numbers.give(2)
  expect(seen).toEqual(['first 1', 'once 1', 'last 1', 'first 2', 'last 2'])
  expect(later).toHaveLength(3)
  for (const [i, message] of ['a 1', 'b 1', 'a 2'].entries()) expect(later[i]).toThrow(message)
})
