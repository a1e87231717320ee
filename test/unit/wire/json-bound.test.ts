import { expect, it } from 'vitest'
import { oversizeOf } from '../../../src/wire/json-bound.js'
import { utf8 } from './samples.js'

it('takes what any list of logs is, and strings of any content', () => {
  const log = { description: '[[[{{,:"\\"\\\\[', url: 'https://a.example/', state: { usable: { timestamp: '' } } }
  expect(oversizeOf(utf8(JSON.stringify({ operators: Array(5000).fill({ logs: [log] }) })))).toBeUndefined()
  expect(oversizeOf(utf8(`["${'[,'.repeat(200_000)}"]`))).toBeUndefined()
  for (const text of ['', '"', '"\\', '{"a', ']]]']) expect(oversizeOf(utf8(text))).toBeUndefined()
})

it('finds out what has too many values, or nests too deep, before anything is made of it', () => {
  const values = 'has more than 100000 values'
  expect(oversizeOf(utf8('['.repeat(33)))).toBe('nests deeper than 32')
  expect(oversizeOf(utf8(`${'['.repeat(32)}${']'.repeat(32)}`))).toBeUndefined()
  expect(oversizeOf(utf8(`[${'{},'.repeat(50_001)}`))).toBe(values)
  expect(oversizeOf(utf8(`{${'"":0,'.repeat(50_001)}`))).toBe(values)
  expect(oversizeOf(utf8(`[${'0,'.repeat(100_001)}`))).toBe(values)
})
