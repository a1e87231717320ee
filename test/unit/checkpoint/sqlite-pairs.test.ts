import { describe, expect, it } from 'vitest'
import { type RuntimeVersions, wrongPair } from '../../../src/checkpoint/sqlite-pairs.js'

const node = (version: string): RuntimeVersions => ({ node: version })

describe('better-sqlite3 and Node', () => {
  it.each<[string, RuntimeVersions]>([
    ['12.11.1', node('20.19.0')],
    ['12.11.1', node('22.23.3')],
    ['13.2.0', node('22.0.0')],
    ['13.2.0', node('24.21.0')],
    ['13.2.0', node('26.10.0')],
    ['14.0.0', node('28.0.0')],
    // What is not there crashes nothing; its import says so.
    ['', node('20.20.2')],
    ['', node('24.21.0')],
    // Deno and Bun have Node-API, whatever Node they say they are.
    ['13.2.0', { node: '20.11.1', deno: '2.1.0' }],
    ['13.2.0', { node: '24.3.0', bun: '1.3.0' }],
  ])('go together: %s and %j', (driver, versions) => {
    expect(wrongPair(driver, versions)).toBeUndefined()
  })

  it.each<[string, RuntimeVersions, string]>([
    ['13.2.0', node('20.20.2'), 'npm install better-sqlite3@12'],
    ['13.2.0', node('21.7.3'), 'npm install better-sqlite3@12'],
    ['12.11.1', node('24.21.0'), 'npm install better-sqlite3@13'],
    ['12.11.1', node('26.10.0'), 'npm install better-sqlite3@13'],
    ['12.11.1', { node: '20.11.1', deno: '2.1.0' }, 'npm install better-sqlite3@13'],
    ['12.11.1', { node: '24.3.0', bun: '1.3.0' }, 'npm install better-sqlite3@13'],
  ])('do not: %s and %j', (driver, versions, remedy) => {
    expect(wrongPair(driver, versions)).toContain(driver)
    expect(wrongPair(driver, versions)).toContain(remedy)
  })
})
