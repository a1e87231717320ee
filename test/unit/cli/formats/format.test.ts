import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { Values } from '../../../../src/cli/flags/values.js'
import { findingFormatFrom } from '../../../../src/cli/formats/finding.js'
import { formatFrom, makeFormat } from '../../../../src/cli/formats/format.js'
import { ansiStyle, noStyle, styleFor } from '../../../../src/cli/terminal/style.js'
import type { CtCertificate } from '../../../../src/types/certificate.js'
import { certificate, name } from '../sample-certificate.js'
import { sampleIo } from '../sample-io.js'

const text = makeFormat('text', noStyle)
const pretty = makeFormat('pretty', noStyle)

describe('text', () => {
  it('is one line with time, kind, names, issuer and place', () => {
    expect(text(certificate())).toBe(
      "2026-11-22T13:57:01Z  cert  example.com www.example.com  Let's Encrypt R10  Example 'Log' #4294967297\n",
    )
  })

  it('shows four names and counts the others', () => {
    const dnsNames = Array.from({ length: 1204 }, (_, i) => `${i}.example`)
    expect(text(certificate({ dnsNames }))).toContain('  0.example 1.example 2.example 3.example (+1,200)  ')
  })

  const fallbacks: readonly [string, Partial<CtCertificate>, string][] = [
    ['IP addresses', { dnsNames: [], ipAddresses: ['192.0.2.1'] }, '  192.0.2.1  '],
    ['e-mail addresses', { dnsNames: [], emailAddresses: ['a@example.com'] }, '  a@example.com  '],
    ['URIs', { dnsNames: [], uris: ['urn:a'] }, '  urn:a  '],
    ['the common name', { dnsNames: [], subject: name({ commonName: 'Some Body' }) }, '  Some Body  '],
    ['the subject', { dnsNames: [], subject: name({ toString: () => 'O=Only' }) }, '  O=Only  '],
    ['nothing', { dnsNames: [], subject: name() }, '  (no names)  '],
    ['no issuer', { issuer: name() }, '  -  Example'],
    ['no time', { timestamp: undefined }, '-  cert  '],
    ['a precertificate', { kind: 'precertificate' }, '  pre   example.com'],
    [
      'what cannot be parsed',
      {
        kind: 'unparsable',
        dnsNames: [],
        problems: [{ code: 'leaf-malformed', field: 'leafInput', message: 'cut\nshort' }],
      },
      '  bad   cut\\x0ashort  ',
    ],
  ]
  it.each(fallbacks)('says the best there is: %s', (_, changes, expected) => {
    expect(text(certificate(changes))).toContain(expected)
  })
})

describe('pretty', () => {
  it('shows every field that has a value, and an empty line', () => {
    expect(
      pretty(certificate({ problems: [{ code: 'serial-negative', field: 'serialNumber', message: 'below zero' }] })),
    ).toBe(
      `certificate 4294967297 of Example 'Log' (rfc6962)
  logged       2026-11-22T13:57:01.250Z
  DNS names    example.com
               www.example.com
  subject      CN=example.com
  issuer       CN=R10
  valid        2026-11-01T00:00:00.000Z to 2027-01-30T00:00:00.000Z (90 days)
  serial       03ab
  key          EC P-256 pin cc
  signature    ecdsa-with-SHA384
  usage        digitalSignature, serverAuth
  validation   DV
  SCTs         2
  SHA-256      aa
  issuance     bb
  problems     serial-negative (serialNumber): below zero

`.replace('CN=R10', certificate().issuer.toString()),
    )
  })

  it('leaves out missing fields', () => {
    const bare = certificate({
      ...{ timestamp: undefined, dnsNames: [], subject: name(), issuer: name(), notBefore: undefined },
      ...{ publicKey: undefined, signatureAlgorithm: undefined, keyUsage: undefined, extendedKeyUsage: undefined },
      ...{ validation: undefined, scts: [], sha256: undefined, issuanceId: undefined, serialNumber: undefined },
    })
    expect(pretty(bare)).toBe(
      "certificate 4294967297 of Example 'Log' (rfc6962)\n  valid        ? to 2027-01-30T00:00:00.000Z\n\n",
    )
  })
})

describe('names that attack the terminal', () => {
  const evil = 'a\u001b]0;owned\u0007\u009b2J\r\n\u202egpj.exe\u2028\u200b\ud800\u{e0041}z'
  const attacked = certificate({
    dnsNames: [evil],
    subject: name({ commonName: evil }),
    issuer: name({ commonName: evil }),
    log: { ...certificate().log, description: evil },
    problems: [{ code: 'name-unusual', field: 'dnsNames', message: evil }],
  })
  const formats = [
    ['text', text],
    ['pretty', pretty],
    ['domains', makeFormat('domains', noStyle)],
    ['json', makeFormat('json', noStyle)],
    ['template', makeFormat('template', noStyle, '{dnsNames} {subject.commonName} {log.description}')],
  ] as const
  it.each(formats)('are made harmless in %s', (_, format) => {
    const output = format(attacked)
    expect(output).toContain('owned')
    expect(output.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
    expect(output.endsWith('\n')).toBe(true)
    if (format !== pretty) expect(output.indexOf('\n')).toBe(output.length - 1)
  })

  it('keep their value in JSON', () => {
    const json = JSON.parse(makeFormat('json', noStyle)(attacked)) as { dnsNames: string[] }
    expect(json.dnsNames).toEqual([evil])
  })

  it('are escaped so that one can read them, other scripts left as they are', () => {
    const dnsNames = ['\u001b[1m', '\u009b', '\u202e', '\u{e0041}', 'bücher.example', '日本.example']
    expect(makeFormat('domains', noStyle)(certificate({ dnsNames }))).toBe(
      '\\x1b[1m\n\\x9b\n\\u{202e}\n\\u{e0041}\nbücher.example\n日本.example\n',
    )
  })
})

describe('the other formats', () => {
  it('json is the JSON form on one line', () => {
    const cert = certificate()
    expect(makeFormat('json', noStyle)(cert)).toBe(`${JSON.stringify(cert.toJSON())}\n`)
  })

  it('certstream is the full message on one line', () => {
    expect(makeFormat('certstream', noStyle)(certificate())).toBe(
      '{"message_type":"certificate_update","data":{"cert_index":4294967297}}\n',
    )
  })

  it('domains is one name a line, and nothing for an entry without names', () => {
    const domains = makeFormat('domains', noStyle)
    expect(domains(certificate())).toBe('example.com\nwww.example.com\n')
    expect(domains(certificate({ dnsNames: [] }))).toBe('')
  })
})

describe('the format of the flags', () => {
  const [stated, templated] = ['json\n', 'example.com\n']
  const cert = certificate({ dnsNames: ['example.com'] })
  /** What `--format`, `--template` and their keys and variables show. */
  const shown = (given: Record<string, readonly [value: string, from: string]>) => {
    const values = new Values(new Map(Object.entries(given).map(([name, [value, from]]) => [name, { value, from }])))
    const line = formatFrom(values, sampleIo([]).io, 'pretty')(cert)
    return line.startsWith('{') ? stated : line
  }

  it.each([
    ['json', '--format', 'template in my.json', stated],
    ['json', 'CT_STREAM_FORMAT', 'template in my.json', stated],
    ['json', '--format', 'CT_STREAM_TEMPLATE', stated],
    ['json', 'format in my.json', '--template', templated],
    ['json', 'format in my.json', 'CT_STREAM_TEMPLATE', templated],
    ['template', '--format', 'template in my.json', templated],
    ['template', 'format in my.json', '--template', templated],
    ['template', '--format', '--template', templated],
  ])('%s by %s and a template by %s', (format, formatBy, templateBy, expected) => {
    expect(shown({ format: [format, formatBy], template: ['{dnsNames}', templateBy] })).toBe(expected)
  })

  it.each([
    ['--format', '--template'],
    ['format in my.json', 'template in my.json'],
  ])('is refused when %s and %s contradict each other', (formatBy, templateBy) => {
    expect(() => shown({ format: ['json', formatBy], template: ['{dnsNames}', templateBy] })).toThrowError(
      'goes with --format template, not json',
    )
  })

  it('is that of findings, too, when it is nearer than a template', () => {
    const given = (format: string, template: string) =>
      new Values(
        new Map([
          ['format', { value: 'json', from: format }],
          ['template', { value: '{dnsNames}', from: template }],
        ]),
      )
    const { io } = sampleIo([])
    expect(findingFormatFrom(given('--format', 'template in my.json'), io)).toBeTypeOf('function')
    expect(() => findingFormatFrom(given('format in my.json', '--template'), io)).toThrowError('--template shows')
  })
})

describe('template', () => {
  const fill = (template: string, changes: Partial<CtCertificate> = {}) =>
    makeFormat('template', noStyle, template)(certificate(changes))

  it.each([
    ['{index}\\t{kind}', '4294967297\tcertificate\n'],
    ['{dnsNames}', 'example.com,www.example.com\n'],
    ['{dnsNames.1}', 'www.example.com\n'],
    ['{ subject.commonName }|{validation}', 'example.com|DV\n'],
    ['{subject}', 'CN=example.com\n'],
    ['\\{{index}\\} \\\\ \\q', '{4294967297} \\ \\q\n'],
    ['a\\nb', 'a\nb\n'],
  ])('%s', (template, expected) => {
    expect(fill(template)).toBe(expected)
  })

  it.each(['{indx}', '{', 'a } b', '{}', '{constructor}', '{log.constructor}', '{subject.nothing.more}'])(
    'is refused at once: %s',
    (template) => {
      expect(() => fill(template)).toThrowError(
        expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringContaining('--template') }),
      )
    },
  )
})

describe('the paths of a template', () => {
  it.each([
    ['{subject.commonNme}', '{subject.commonNme}, did you mean {subject.commonName}?'],
    ['{log.name}', '{log.name}'],
    ['{dnsNames.first}', '{dnsNames.first}'],
    ['{indx}', '{indx}, did you mean {index}?'],
    ['{toString}', '{toString}'],
  ])('that no certificate has are refused: %s', (template, message) => {
    expect(() => makeFormat('template', noStyle, template)).toThrowError(
      `--template: a certificate has no field ${message}`,
    )
  })

  it('are all there, in lists too', () => {
    const template = '{altNames.0.value} {subject.attributes.0.oid} {policies.name} {scts.timestamp} {log.url}'
    expect(() => makeFormat('template', noStyle, template)).not.toThrow()
  })
})

describe('a line of text on a terminal', () => {
  const wide = certificate({
    dnsNames: [
      '漢字漢字漢字漢字.example',
      'a-rather-long-name.below.some.domain.example',
      'third.example',
      '👩‍👩‍👧.example',
    ],
    issuer: name({ organization: 'An Organization With a Long Name', commonName: 'Issuing Authority R11' }),
  })

  it.each([20, 40, 60, 80, 120, 160])('of %i columns fits, names first to give way', (columns) => {
    const line = makeFormat('text', noStyle, undefined, () => columns)(wide)
    expect(line.endsWith('\n')).toBe(true)
    // Time and kind are never cut.
    expect(stringWidth(line.trimEnd())).toBeLessThanOrEqual(Math.max(columns, 26))
  })

  it('is whole where there is room, or no terminal', () => {
    const whole = makeFormat('text', noStyle)(wide)
    expect(whole).toContain('third.example')
    expect(makeFormat('text', noStyle, undefined, () => 1000)(wide)).toBe(whole)
    const cut = makeFormat('text', noStyle, undefined, () => 140)(wide)
    expect(cut).toContain('…')
    expect(cut).toContain('Issuing Authority R11')
  })
})

describe('the format of the flags', () => {
  const from = (given: Record<string, string>) =>
    formatFrom(
      new Values(new Map(Object.entries(given).map(([key, value]) => [key, { value, from: `--${key}` }]))),
      sampleIo([]).io,
      'json',
    )(certificate())

  it('is the default, the one named, or the template', () => {
    expect(from({})).toMatch(/^\{"kind"/)
    expect(from({ format: 'domains' })).toMatch(/^example/)
    expect(from({ template: '{index}' })).toBe('4294967297\n')
  })

  it.each([
    [{ format: 'xml' }, '--format must be one of text, json'],
    [{ format: 'template' }, 'needs --template'],
    [{ format: 'json', template: '{index}' }, '--template goes with --format template'],
  ])('is refused: %j', (given, message) => {
    expect(() => from(given)).toThrowError(expect.objectContaining({ message: expect.stringContaining(message) }))
  })
})

describe('colours', () => {
  it('come only on a terminal, and not against NO_COLOR', () => {
    expect(styleFor({ isTTY: true }, {})).toBe(ansiStyle)
    expect(styleFor({ isTTY: true }, { NO_COLOR: '' })).toBe(ansiStyle)
    expect(styleFor({ isTTY: true }, { NO_COLOR: '1' })).toBe(noStyle)
    expect(styleFor({ isTTY: true }, { TERM: 'dumb' })).toBe(noStyle)
    expect(styleFor({ isTTY: false }, {})).toBe(noStyle)
    expect(styleFor({}, {})).toBe(noStyle)
  })

  it('add nothing but colours', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is removed
    const bare = makeFormat('text', ansiStyle)(certificate()).replace(/\u001b\[\d+m/g, '')
    expect(bare).toBe(text(certificate()))
  })
})
