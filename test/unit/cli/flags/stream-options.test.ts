import { describe, expect, it } from 'vitest'
import { stream } from '../../../../src/cli/commands/stream.js'
import { parseArguments } from '../../../../src/cli/flags/arguments.js'
import { streamRequest } from '../../../../src/cli/flags/stream-options.js'
import { Values } from '../../../../src/cli/flags/values.js'
import { stateless } from '../../../../src/filter/stateless.js'

// A P-256 key made for this test.
const key =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsTMF3eyeG51+HmRekqU1ScJNFOAeIDCV03xMGes1OUB8kCiuugEAvBjxfS3fjZny1Sog4xzz7p/LRICtD1sp+A=='
const now = Date.UTC(2026, 10, 22, 12)
const request = (argv: string, domainsFile?: string) =>
  streamRequest(new Values(parseArguments(argv === '' ? [] : argv.split(' '), [stream]).flags), { now, domainsFile })

describe('--match', () => {
  const matches = (expression: string, name: string) => {
    const patterns = request(`--match ${expression}`).filter?.domains ?? []
    return patterns.map((pattern) => stateless(pattern as RegExp)(name))
  }

  it('finds itself in a name, letters in either case, every time', () => {
    expect(matches('^Login', 'login.example')).toEqual([true])
    expect(matches('^login', 'www.login.example')).toEqual([false])
    expect(matches('\\.example$', 'a.example')).toEqual([true])
  })

  it('ends, whatever expression meets whatever name', () => {
    // A `RegExp` would try 2^5000 ways.
    expect(matches('^(a+)+$', `${'a'.repeat(5000)}.example`)).toEqual([false])
  })
})

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
    ['--on-misbehaviour continue-unverified', { onMisbehaviour: 'continue-unverified' }],
    ['--log-list a.json --log-list https://b.example/', { logList: ['a.json', 'https://b.example/'] }],
    ['--log-name argon2026h1', { logs: { names: ['argon2026h1'] } }],
    ['--operator Google --kind static-ct', { logs: { operators: ['Google'], kinds: ['static-ct'] } }],
    [`--log https://a.example/ --key ${key}`, { logs: [{ kind: 'rfc6962', url: 'https://a.example/', key }] }],
    [
      `--log https://m.example/ --key ${key} --submission-url https://s.example/`,
      {
        logs: [{ kind: 'static-ct', monitoringUrl: 'https://m.example/', submissionUrl: 'https://s.example/', key }],
      },
    ],
    ['--start now --end head', { start: 'now', end: 'head' }],
    ['--start beginning --end never', { start: 'beginning', end: 'never' }],
    ['--start 0 --end 9007199254740991', { start: { index: 0 }, end: { index: 9007199254740991 } }],
    ['--start 2026-11-22T12:00:00Z', { start: { time: new Date(now) } }],
    ['--start 2024-02-29T00:00Z', { start: { time: new Date(Date.UTC(2024, 1, 29)) } }],
    ['--start 90s', { start: { time: new Date(now - 90_000) } }],
    ['--start 7d', { start: { time: new Date(now - 7 * 86_400_000) } }],
    ['--merge-delay 10m', { mergeDelayMs: 600_000 }],
    ['--domain example.com --domain =a.example', { filter: { domains: ['example.com', '=a.example'] } }],
    ['--issuer Encrypt --only precertificates', { filter: { issuers: ['Encrypt'], kinds: ['precertificate'] } }],
  ])('%s', (argv, expected) => {
    expect(request(argv)).toStrictEqual(expected)
  })

  it('reads a file of patterns', () => {
    expect(request('--domain a.example --domains-file f', '# ours\nb.example # second\r\n\n=c.example')).toStrictEqual({
      filter: { domains: ['a.example', 'b.example', '=c.example'] },
    })
    expect(() => request('--domain a.example --domains-file f', '# ours\nb.example\nc_\u0000')).toThrowError(
      /^--domains-file must be a file of patterns, each a domain .*; line 3, got "c_\\u0000"$/,
    )
    expect(() => request('--domains-file f', '# none\n')).toThrowError('--domains-file holds no pattern')
  })

  it.each([
    ['--start 10 --end 5', 'nothing lies between --start 10 and --end 5'],
    ['--start 10 --end 10', 'nothing lies between --start 10 and --end 10'],
    ['--start beginning --end 0', 'nothing lies between --start beginning and --end 0'],
    ['--start 1h --end 2026-01-01', 'nothing lies between --start 1h and --end 2026-01-01'],
    ['--domain .foo.com', 'got ".foo.com": did you mean *.foo.com?'],
    ['--domain https://foo.com/x', 'got "https://foo.com/x": did you mean foo.com?'],
    ['--domain foo.com/x', 'got "foo.com/x": did you mean foo.com?'],
    ['--log https://a.example/', '--log needs --key, one for each: got 1 and 0'],
    ['--key AA==', '--key goes with --log'],
    ['--submission-url https://a.example/', '--submission-url goes with --log'],
    ['--log a --log b --key c --key d --submission-url e', '--submission-url is needed for each --log or none'],
    ['--log a --key b --log-name c', '--log and --log-name exclude each other'],
    ['--log a --key b --operator Google', '--log and --operator exclude each other'],
    ['--kind tiled', '--kind must be one of rfc6962, static-ct, got "tiled"'],
    ['--start yesterday', '--start must be now, beginning, an index'],
    ['--start 2026-13-01', '--start must be now'],
    ['--start 2026-02-31', '--start must be now'],
    ['--end 2026-02-29T12:00Z', '--end must be never'],
    ['--start 2026-04-31T00:00:00+02:00', '--start must be now'],
    ['--start 99999999999999999', '--start must be now'],
    ['--start 1w', '--start must be now'],
    ['--end now', '--end must be never, head'],
    ['--end 7d', '--end must be never, head'],
    ['--merge-delay 10', '--merge-delay must be a duration of at most 366d, such as 10m, got "10"'],
    ['--merge-delay 367d', '--merge-delay must be a duration'],
    [
      '--match (',
      '--match must be a regular expression in the syntax of RE2 (no lookaround, no back-references), got "("',
    ],
    ['--only leaves', '--only must be one of certificates, precertificates'],
    ['--verify none', '--verify must be one of full, signatures-only, none-unverified'],
    ['--domain a.example --domain a..example', '--domain must be a domain (example.com: it and all below;'],
    ['--domain 192.0.2.1', '--domain must be a domain'],
    ['--issuer \u00a0', '--issuer must be a text that is not blank, got "\u00a0"'],
    ['--contact me', '--contact must be an e-mail address or an https URL, got "me"'],
    ['--log-list ftp://a.example/', '--log-list must be an https URL (http with --allow-http) or a file, got "ftp:'],
    [`--log http://a.example/ --key ${key}`, '--log must be an https URL (http with --allow-http), without query, got'],
    [`--log https://a.example/?b --key ${key} --allow-http`, '--log must be an http or https URL, without query, got'],
    ['--log https://a.example/ --key AA==', '--key must be the base64 SubjectPublicKeyInfo'],
    [`--log https://a.example/ --key ${key} --submission-url b`, '--submission-url must be an https URL'],
    ['--dedupe yes', '--dedupe must be one of certificate, issuance'],
    ['--match (?=a)', '--match must be a regular expression in the syntax of RE2'],
    ['--match (a)\\1', '--match must be a regular expression in the syntax of RE2'],
  ])('%s is refused', (argv, message) => {
    expect(() => request(argv)).toThrowError(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringContaining(message) }),
    )
  })
})
