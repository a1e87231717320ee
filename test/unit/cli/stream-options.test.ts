import { describe, expect, it } from 'vitest'
import { parseArguments } from '../../../src/cli/arguments.js'
import { streamFlags } from '../../../src/cli/flags.js'
import { streamRequest } from '../../../src/cli/stream-options.js'
import { Values } from '../../../src/cli/values.js'

const now = Date.UTC(2026, 10, 22, 12)
const request = (argv: string, domainsFile?: string) =>
  streamRequest(new Values(parseArguments(argv === '' ? [] : argv.split(' '), streamFlags).flags), { now, domainsFile })

describe('flags as options of ctStream()', () => {
  it.each<[string, object]>([
    ['', {}],
    [
      '--checkpoint a.db --contact a@b.example --verify none-unverified --dedupe issuance --allow-http',
      {
        checkpoint: 'a.db',
        contact: 'a@b.example',
        verify: 'none-unverified',
        dedupe: 'issuance',
        allowHttp: true,
      },
    ],
    ['--no-checkpoint', { checkpoint: false }],
    ['--log-list a.json --log-list https://b.example/', { logList: ['a.json', 'https://b.example/'] }],
    ['--operator Google --kind static-ct', { logs: { operators: ['Google'], kinds: ['static-ct'] } }],
    ['--log https://a.example/ --key AA==', { logs: [{ kind: 'rfc6962', url: 'https://a.example/', key: 'AA==' }] }],
    [
      '--log https://m.example/ --key AA== --submission-url https://s.example/',
      {
        logs: [
          { kind: 'static-ct', monitoringUrl: 'https://m.example/', submissionUrl: 'https://s.example/', key: 'AA==' },
        ],
      },
    ],
    ['--start now --end head', { start: 'now', end: 'head' }],
    ['--start beginning --end never', { start: 'beginning', end: 'never' }],
    ['--start 0 --end 9007199254740991', { start: { index: 0 }, end: { index: 9007199254740991 } }],
    ['--start 2026-11-22T12:00:00Z', { start: { time: new Date(now) } }],
    ['--start 90s', { start: { time: new Date(now - 90_000) } }],
    ['--start 7d', { start: { time: new Date(now - 7 * 86_400_000) } }],
    ['--domain example.com --domain =a.example', { filter: { domains: ['example.com', '=a.example'] } }],
    ['--match ^login', { filter: { domains: [/^login/iu] } }],
    ['--issuer Encrypt --only precertificates', { filter: { issuers: ['Encrypt'], kinds: ['precertificate'] } }],
  ])('%s', (argv, expected) => {
    expect(request(argv)).toStrictEqual(expected)
  })

  it('reads a file of patterns', () => {
    expect(request('--domain a.example --domains-file f', '# ours\nb.example # second\r\n\n=c.example')).toStrictEqual({
      filter: { domains: ['a.example', 'b.example', '=c.example'] },
    })
    expect(() => request('--domains-file f', '# none\n')).toThrowError('--domains-file holds no pattern')
  })

  it.each([
    ['--log https://a.example/', '--log needs --key, one for each: got 1 and 0'],
    ['--key AA==', '--key goes with --log'],
    ['--submission-url https://a.example/', '--submission-url goes with --log'],
    ['--log a --log b --key c --key d --submission-url e', '--submission-url is needed for each --log or none'],
    ['--log a --key b --operator Google', '--log and --operator exclude each other'],
    ['--kind tiled', '--kind must be one of rfc6962, static-ct, got "tiled"'],
    ['--start yesterday', '--start must be now, beginning, an index'],
    ['--start 2026-13-01', '--start must be now'],
    ['--start 99999999999999999', '--start must be now'],
    ['--start 1w', '--start must be now'],
    ['--end now', '--end must be never, head'],
    ['--end 7d', '--end must be never, head'],
    ['--match (', '--match must be a regular expression, got "("'],
    ['--only leaves', '--only must be one of certificates, precertificates'],
    ['--verify none', '--verify must be one of full, signatures-only, none-unverified'],
    ['--dedupe yes', '--dedupe must be one of certificate, issuance'],
  ])('%s is refused', (argv, message) => {
    expect(() => request(argv)).toThrowError(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringContaining(message) }),
    )
  })
})
