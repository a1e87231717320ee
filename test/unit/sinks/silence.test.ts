import { describe, expect, it } from 'vitest'
import { Silence } from '../../../src/sinks/silence.js'
import { VirtualClock } from '../../support/virtual-clock.js'

function question<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((...settle) => {
    ;[resolve, reject] = settle
  })
  return { promise, resolve, reject }
}

function begin() {
  const said: string[] = []
  const clock = new VirtualClock()
  const silence = new Silence(clock, { info: (text) => said.push(text), warn: (text) => said.push(text) })
  return { said, clock, silence }
}

describe('an engine that gives no answer', () => {
  it('is said to, less and less often, until it answers', async () => {
    const { said, clock, silence } = begin()
    const { promise, resolve } = question<number>()
    const answer = silence.of(promise)
    await clock.pass(4_999)
    expect(said).toEqual([])
    await clock.pass(60_001)
    expect(said).toEqual([5, 15, 35].map((s) => `the sink has not answered for ${s} s, and is waited for`))
    resolve(7)
    expect(await answer).toBe(7)
    expect(said.at(-1)).toBe('the sink answers again')
    await clock.pass(600_000)
    expect(said).toHaveLength(4)
  })

  it('is not one that answers each of several questions late, one after the other', async () => {
    const { said, clock, silence } = begin()
    const questions = Array.from({ length: 5 }, () => question<void>())
    const answers = questions.map(({ promise }) => silence.of(promise))
    for (const { resolve } of questions) {
      await clock.pass(4_000)
      resolve()
    }
    await Promise.all(answers)
    expect(said).toEqual([])
  })

  it('is over with an error, which somebody else says', async () => {
    const { said, clock, silence } = begin()
    const { promise, reject } = question<void>()
    const answer = silence.of(promise)
    reject(new Error('refused'))
    await expect(answer).rejects.toThrow('refused')
    await clock.pass(600_000)
    expect(said).toEqual([])
  })
})
