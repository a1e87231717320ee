import { describe, expect, it } from 'vitest'
import { inTurn } from '../../../src/util/in-turn.js'

describe('inTurn', () => {
  const settled = () => new Promise((resolve) => setImmediate(resolve))

  /** Work that says when it begins, and ends when it is told. */
  function recorder() {
    const begun: string[] = []
    const ends = new Map<string, (error?: Error) => void>()
    const begin = (name: string, key = 'key') =>
      inTurn(key, () => {
        begun.push(name)
        return new Promise<string>((resolve, reject) =>
          ends.set(name, (error) => (error === undefined ? resolve(`${name} done`) : reject(error))),
        )
      })
    return { begun, begin, end: (name: string, error?: Error) => ends.get(name)?.(error) }
  }

  it('does work of one key one after the other, in the order of the calls, and that of others meanwhile', async () => {
    const { begun, begin, end } = recorder()
    const results = [begin('a'), begin('b'), begin('c'), begin('d', 'another')]
    await settled()
    expect(begun).toEqual(['a', 'd'])
    end('a')
    await settled()
    expect(begun).toEqual(['a', 'd', 'b'])
    end('b')
    await settled()
    end('c')
    end('d')
    expect(await Promise.all(results)).toEqual(['a done', 'b done', 'c done', 'd done'])
  })

  it('goes on after work that failed, and says so only to who asked for it', async () => {
    const { begun, begin, end } = recorder()
    const results = Promise.allSettled([begin('a'), begin('b')])
    end('a', new Error('no'))
    await settled()
    end('b')
    expect(await results).toMatchObject([
      { status: 'rejected', reason: { message: 'no' } },
      { status: 'fulfilled', value: 'b done' },
    ])
    expect(begun).toEqual(['a', 'b'])
  })
})
