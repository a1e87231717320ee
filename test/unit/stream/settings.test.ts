import { describe, expect, it } from 'vitest'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { DEFAULTS, settingsOf } from '../../../src/stream/settings.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'

const KEY =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPIcer7RB32jt4bTEbhgUKLKvOctFD+I2hoDItFxUBlJiGFvftBuRk3fO7e1T7gC2ekyfL7XoO2oN/ObcZyc4EA=='
const LOG = { kind: 'rfc6962', url: 'https://log.example.net/', key: KEY } as const

/** Each wrong in one way, and what the message must name. */
const WRONG: [string, unknown, RegExp][] = [
  ['an unknown option', { pollIntervallMs: 1 }, /`pollIntervallMs` does not exist, did you mean `pollIntervalMs`/],
  ['no object', 5, /must be an object/],
  ['a start that is none', { start: 'tomorrow' }, /`start` must be 'now', 'beginning'/],
  ['a start with two places', { start: { index: 1, time: new Date() } }, /`start`/],
  ['a negative index', { start: { index: -1 } }, /`start.index` must be an integer from 0/],
  ['an invalid date', { start: { time: new Date(Number.NaN) } }, /`start.time` must be a valid Date/],
  ['an end that is none', { end: { idx: 5 } }, /`end.idx` does not exist/],
  ['a negative merge delay', { mergeDelayMs: -1 }, /`mergeDelayMs` must be an integer from 0/],
  ['no checkpoint', { checkpoint: 5 }, /`checkpoint`/],
  ['a store without methods', { checkpoint: {} }, /`checkpoint` must be an object with a method `open`/],
  ['a commit interval of nothing', { commit: { everyMs: 0 } }, /`commit.everyMs` must be an integer from 10/],
  ['an acknowledgement that is none', { acknowledge: 'never' }, /`acknowledge` must be one of 'automatic', 'manual'/],
  ['a verify that is none', { verify: 'none' }, /`verify` must be one of 'full'/],
  ['a tiny budget', { maxBufferedBytes: 10 }, /`maxBufferedBytes` must be an integer from 65536/],
  ['too many workers', { workers: 17 }, /`workers` must be an integer from 0 to 16/],
  ['workers that are none', { workers: 'many' }, /`workers`/],
  ['no concurrency', { concurrency: { perLog: 0 } }, /`concurrency.perLog` must be an integer from 1 to 64/],
  ['an infinite interval', { pollIntervalMs: Number.POSITIVE_INFINITY }, /`pollIntervalMs`/],
  ['a contact that is none', { contact: 'me' }, /contact must be an e-mail address or an https URL/],
  ['two transports', { dispatcher: { dispatch() {} }, fetch: () => {} }, /exclude each other/],
  ['a signal that is none', { signal: {} }, /`signal` must be an AbortSignal/],
  ['a logger without levels', { logger: { info() {} } }, /`logger`/],
  ['a clock that does not sleep', { clock: { now: () => 0 } }, /`clock` must be an object with a method `sleep`/],
  [
    'a clock whose elapsed time is a number',
    { clock: { now: () => 0, sleep: async () => {}, elapsed: 5 } },
    /`clock` must be an object with a method `elapsed`/,
  ],
  ['no logs', { logs: [] }, /`logs`/],
  ['a log with a wrong key', { logs: [{ ...LOG, key: 'AAAA' }] }, /key/],
  ['a log over http', { logs: [{ ...LOG, url: 'http://log.example.net/' }] }, /https/],
  ['a log twice', { logs: [LOG, { ...LOG, description: 'again' }] }, /names the log .* twice/],
  ['a list beside logs by hand', { logs: [LOG], logList: 'list.json' }, /`logList` is of no use/],
  ['a list that is none', { logList: 7 }, /`logList`/],
  ['a list over http', { logList: 'http://example.net/list.json' }, /`logList`/],
  ['a selection of unknown states', { logs: { states: ['alive'] } }, /`logs.states/],
]

describe('the options of a stream', () => {
  it.each(WRONG)('%s is refused at once', (_, options, message) => {
    expect(() => ctStream(options as CtStreamOptions)).toThrow(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringMatching(message) }),
    )
  })

  it('are all optional, with the documented defaults', () => {
    const { dedupe, ...defaults } = DEFAULTS
    expect(settingsOf()).toMatchObject({
      ...defaults,
      logs: {},
      allowHttp: false,
      dedupe: undefined,
      resume: undefined,
    })
    expect(dedupe).toEqual({ maxEntries: 1_000_000, ttlMs: 86_400_000 })
    expect(defaults).toEqual({
      start: 'now',
      end: 'never',
      checkpoint: 'ct-stream.db',
      commit: { everyMs: 1000, everyEntries: 10_000 },
      acknowledge: 'automatic',
      verify: 'full',
      onMisbehaviour: 'stop-log',
      maxBufferedBytes: 67_108_864,
      concurrency: { perLog: 4, perOperator: 8, total: 32 },
      pollIntervalMs: 10_000,
      partialTileDelayMs: 60_000,
      endPatienceMs: 60_000,
    })
  })

  it('are copied: changing the object later changes nothing', () => {
    const logs = [{ ...LOG, description: 'before' }]
    const settings = settingsOf({ logs })
    ;(logs[0] as { description: string }).description = 'after'
    expect(settings.logs).toMatchObject([{ description: 'before' }])
  })
})
