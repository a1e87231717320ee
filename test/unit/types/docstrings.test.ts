import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { certificateEntry, precertEntry } from '../decode/entries.js'
import {
  bool,
  buildCertificate,
  buildTbs,
  commonName,
  dnsName,
  extension,
  fromHex,
  integer,
  name,
  octets,
  oid,
  poison,
  sctList,
  sequence,
  subjectAltName,
  tlv,
} from '../x509/build.js'

const folder = join(import.meta.dirname, '../../../src/types')
const sourceOf = (file: string) =>
  ts.createSourceFile(file, readFileSync(join(folder, file), 'utf8'), ts.ScriptTarget.Latest, true)

/** Text of the docstrings right before a node. */
function docOf(node: ts.Node): string {
  const comments = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  return comments.map((comment) => comment.getText()).join('\n')
}

/** `Type.member` of all that a user can see: exported names, and the members of every type, however deep inside. */
function declarations(source: ts.SourceFile): Map<string, string> {
  const found = new Map<string, string>()
  const visit = (node: ts.Node, path: string): void => {
    let here = path
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) {
      here = node.name.text
      const isExported = node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false
      if (isExported) found.set(here, docOf(node))
    } else if (ts.isPropertySignature(node) || ts.isMethodSignature(node)) {
      here = `${path}.${node.name.getText()}`
      // Overloads: one docstring is that of all.
      found.set(here, (found.get(here) ?? '') + docOf(node))
    }
    ts.forEachChild(node, (child) => visit(child, here))
  }
  visit(source, '')
  return found
}

describe.each([
  'certificate.ts',
  'certificate-fields.ts',
  'certificate-json.ts',
  'name.ts',
  'certstream.ts',
  'filter.ts',
  'entries.ts',
  '../modules/definition.ts',
  '../modules/status.ts',
  '../module-testing/test-module.ts',
  '../modules/run-modules.ts',
  'finding.ts',
])('every name and member in %s', (file) => {
  it('has a docstring', () => {
    const found = declarations(sourceOf(file))
    expect(found.size).toBeGreaterThan(10)
    expect([...found].filter(([, doc]) => !/\w/.test(doc)).map(([member]) => member)).toEqual([])
  })
})

describe('the docstrings of CtCertificate', () => {
  const docs = new Map([...declarations(sourceOf('certificate.ts')), ...declarations(sourceOf('problem.ts'))])
  const docOfMember = (member: string) => docs.get(`CtCertificate.${member}`) ?? ''
  const members = [...docs.keys()].flatMap((path) => /^CtCertificate\.(\w+)$/.exec(path)?.[1] ?? [])
  const codes = [...(docs.get('ProblemCode') ?? '').matchAll(/^ \* \| `([a-z-]+)` \| .+ \|$/gm)].map(([, code]) => code)
  const ofExtensions = ['extension-malformed', 'extension-duplicate', 'length-non-minimal', 'trailing-data']

  it('name their source, except where no standard says it', () => {
    const own = ['log', 'index', 'historical', 'cursor', 'sha256', 'sha1', 'uris', 'ipAddresses', 'problems']
    const forms = ['x509', 'toString', 'toJSON', 'toCertStream', 'validation']
    const without = members.filter((member) => !/RFC \d+|X\.690/.test(docOfMember(member)))
    expect(without.filter((member) => ![...own, ...forms, 'caIssuerUrls', 'notAfter'].includes(member))).toEqual([])
  })

  it('have every code of a problem in the table, and no other', () => {
    const alias = sourceOf('problem.ts').statements.find(
      (node): node is ts.TypeAliasDeclaration => ts.isTypeAliasDeclaration(node) && node.name.text === 'ProblemCode',
    )
    expect(codes).toEqual([...(alias?.type.getText() ?? '').matchAll(/'([a-z-]+)'/g)].map(([, code]) => code))
    expect(codes.length).toBeGreaterThan(20)
  })

  /** Codes a member may add, as its docstring has them; `undefined` for a field that is no member. */
  function documented(field: string): Set<string> | undefined {
    const member = field === 'leafInput' ? 'kind' : field
    if (!members.includes(member)) return undefined
    const doc = docOfMember(member === 'issuer' ? 'subject' : member === 'notAfter' ? 'notBefore' : member)
    const named = codes.flatMap((code) => (code !== undefined && doc.includes(`\`${code}\``) ? code : []))
    return new Set([...named, ...(doc.includes('those of extensions') ? ofExtensions : [])])
  }

  it('name every problem that reading a damaged certificate finds', () => {
    const access = sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), tlv(0x86, 'http://ocsp.example')))
    const parts = {
      subject: name(commonName('www.example.com')),
      extensions: [
        subjectAltName(dnsName('a.example'), tlv(0x87, fromHex('c0000201')), tlv(0xa4, name(commonName('x')))),
        extension('2.5.29.15', fromHex('030205a0')),
        extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))),
        extension('2.5.29.19', sequence(bool(true), integer('03'))),
        extension('2.5.29.19', sequence()),
        extension('2.5.29.14', octets('x')),
        extension('2.5.29.35', sequence(tlv(0x80, 'x'))),
        extension('1.3.6.1.5.5.7.1.1', access),
        extension('2.5.29.31', sequence(sequence(tlv(0xa0, tlv(0xa0, tlv(0x86, 'http://crl.example')))))),
        extension('2.5.29.32', sequence(sequence(oid('2.23.140.1.2.1')))),
        sctList(fromHex('0003 0001 00')),
      ],
    }
    const certificate = buildCertificate(parts)
    const tbs = buildTbs(parts)
    const seen = new Set<string>()
    const change = fc.record({
      at: fc.nat(9999).map((n) => n / 10_000),
      to: fc.oneof(fc.nat(255), fc.constantFrom(0x00, 0x81, 0xff)),
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.boolean(), (changes, isPrecertificate) => {
        const damaged = (isPrecertificate ? tbs : certificate).slice()
        for (const { at, to } of changes) damaged[Math.floor(at * damaged.length)] = to
        const cert = isPrecertificate
          ? precertEntry(damaged, buildCertificate({ extensions: [poison(fromHex('0500'), false)] }))
          : certificateEntry(damaged)
        for (const { field, code } of cert.problems) {
          if (!documented(field)?.has(code)) throw new Error(`${field}: ${code} is not in its docstring`)
          seen.add(`${field} ${code}`)
        }
      }),
      { numRuns: 3000 },
    )
    expect(seen.size).toBeGreaterThan(30)
  })
})
