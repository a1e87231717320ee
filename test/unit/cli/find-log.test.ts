import { describe, expect, it } from 'vitest'
import { findLog } from '../../../src/cli/find-log.js'
import { mergeLists } from '../../../src/loglist/merge.js'
import type { ListedLog } from '../../../src/types/log-list.js'
import { describeReal } from '../../real-data.js'
import { listedLog, newestChrome, rfc6962Json, staticJson } from '../loglist/lists.js'

const logs: readonly ListedLog[] = [
  listedLog(rfc6962Json(0, { description: "Google 'Argon2026h1' log" })),
  listedLog(rfc6962Json(1, { description: "Google 'Argon2026h2' log" })),
  listedLog(rfc6962Json(2, { description: 'Sphinx' })),
  listedLog(rfc6962Json(3, { description: 'Sphinx2' })),
  listedLog(staticJson(4, { description: 'Willow 2026' }), 'tiled_logs'),
]
const invalid = (message: string) => expect.objectContaining({ code: 'CT_OPTION_INVALID', message })

describe('the log a user means', () => {
  it.each([
    ["Google 'Argon2026h1' log", 0],
    ["google 'argon2026H2", 1],
    ['argon2026h1', 0],
    ['sphinx', 2],
    ['SPHINX2', 3],
    ['willow', 4],
    ['https://ct1.logs.test-ca.org/', 1],
    ['https://ct1.logs.test-ca.org', 1],
    ['ct1.logs.test-ca.org/', 1],
    ['CT1.logs', 1],
    ['https://mon4', 4],
    ['log4.logs.test-ca.org', 4],
  ])('%j', (name, index) => {
    expect(findLog(name, logs)).toBe(logs[index])
  })

  it('is found by its id, or the beginning of it', () => {
    for (const log of logs) {
      expect(findLog(log.id, logs)).toBe(log)
      expect(findLog(log.id.slice(0, 12), logs)).toBe(log)
    }
  })

  it('must be one: several are listed', () => {
    expect(() => findLog('argon', logs)).toThrowError(
      invalid('"argon" can be any of 2 logs: "Google \'Argon2026h1\' log", "Google \'Argon2026h2\' log"'),
    )
    const many = Array.from({ length: 12 }, (_, i) => listedLog(rfc6962Json(i, { description: `Shard ${i}` })))
    expect(() => findLog('shard', many)).toThrowError(/^"shard" can be any of 12 logs: .*"Shard 7" and 4 more$/)
  })

  it('must be listed', () => {
    expect(() => findLog('argon2026x1', logs)).toThrowError(
      invalid('none of 5 listed logs is called "argon2026x1", did you mean "argon2026h1"?'),
    )
    expect(() => findLog('zzz', logs)).toThrowError(
      invalid('none of 5 listed logs is called "zzz": see ct-stream logs'),
    )
  })

  describeReal("of Chrome's list", () => {
    it('is found by id, URL and, where no other has the same, description', () => {
      const listed = [...mergeLists([newestChrome()]).logs.values()]
      expect(listed.length).toBeGreaterThan(50)
      for (const log of listed) {
        expect(findLog(log.id, listed)).toBe(log)
        expect(findLog(log.kind === 'rfc6962' ? log.url : log.monitoringUrl, listed)).toBe(log)
        const same = listed.filter(({ description }) => description === log.description)
        if (same.length === 1) expect(findLog(log.description, listed)).toBe(log)
      }
    })
  })
})
