import { encodeOid } from '../../src/x509/oid.js'
import { attributeNames, ExtensionOid, extensionNames } from '../../src/x509/oids.js'
import { ascii, join, joinAll, MAX_INPUT, mutateBytes, uint, utf8 } from './bytes.js'
import { cloneNode, type DerNode, element, encodeDer, type LengthForm, parseDer, plainNode } from './der-tree.js'
import type { Random } from './random.js'

/** Where a node is: among which siblings, and at which place. */
interface Place {
  readonly node: DerNode
  readonly siblings: DerNode[]
  readonly index: number
}

/** Changes a tree in place; `false` when there is nothing in it that could be changed so. */
type Mutation = (places: readonly Place[], donor: readonly Place[], random: Random) => boolean

/** What mutations of a structure in DER do to it, one to four of them. `donor` is what to take pieces from. */
export function mutateDer(der: Uint8Array, donor: Uint8Array, random: Random): Uint8Array {
  const tree = parseDer(der)
  const other = placesIn(parseDer(donor))
  for (let left = random.size(4); left > 0; left--) {
    const places = placesIn(tree)
    if (places.length === 0) break
    const mutation = random.oneIn(4) ? random.pick(extensionMutations) : random.pick(mutations)
    if (!mutation(places, other, random)) setLength(places, other, random)
  }
  const bytes = encodeDer(tree)
  if (random.oneIn(12)) return mutateBytes(bytes, donor, random).subarray(0, MAX_INPUT)
  return bytes.length > MAX_INPUT ? bytes.subarray(0, MAX_INPUT) : bytes
}

export function placesIn(tree: DerNode[]): Place[] {
  const found: Place[] = []
  const open: DerNode[][] = [tree]
  for (let siblings = open.pop(); siblings !== undefined; siblings = open.pop())
    for (const [index, node] of siblings.entries()) {
      found.push({ node, siblings, index })
      if (node.children !== undefined) open.push(node.children)
    }
  return found
}

const stringTags = [0x0c, 0x12, 0x13, 0x14, 0x15, 0x16, 0x19, 0x1a, 0x1b, 0x1c, 0x1e]
const timeTags = [0x17, 0x18]
const nameTags = [0x81, 0x82, 0x86, 0x87, 0x88, 0xa0, 0xa3, 0xa4, 0xa5, 0x80, 0x89]
const otherTags = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x30, 0x31, 0x24, 0x23, 0xa0, 0xa1, 0xa2, 0xa3, 0x00, 0xff, 0x1f,
]
const allTags = [...stringTags, ...timeTags, ...nameTags, ...otherTags]

const tagOf = ({ tag }: DerNode): number => tag[0] ?? -1
const withTag = (places: readonly Place[], tags: readonly number[]): Place[] =>
  places.filter(({ node }) => tags.includes(tagOf(node)))

function setContent(node: DerNode, content: Uint8Array): true {
  node.content = content
  node.children = undefined
  return true
}

/** A change of the content of one of the elements with these tags. */
const contentOf =
  (tags: readonly number[], make: (random: Random, old: Uint8Array) => Uint8Array): Mutation =>
  (places, _donor, random) => {
    const found = withTag(places, tags)
    if (found.length === 0) return false
    const { node } = random.pick(found)
    return setContent(node, make(random, node.content))
  }

const setLength: Mutation = (places, _donor, random) => {
  const { node } = random.pick(places)
  const size = encodeDer([node]).length
  const lies = [0, 1, 0x7f, size - 1, size + 1, size + random.size(300), random.below(size + 1)]
  const forms: LengthForm[] = [
    { kind: 'padded', octets: random.pick([1, 2, 3, 4, 8, 126]) },
    { kind: 'indefinite', closed: random.oneIn(2) },
    { kind: 'lie', octets: uint(random.pick(lies) % 128, 1) },
    { kind: 'lie', octets: join(Uint8Array.of(0x82), uint(random.pick(lies), 2)) },
    {
      kind: 'lie',
      octets: join(Uint8Array.of(0x84), uint(random.pick([0x7fffffff, 0x80000000, 0xffffffff, size]), 4)),
    },
    { kind: 'lie', octets: join(Uint8Array.of(0x88), random.bytes(8)) },
    { kind: 'lie', octets: Uint8Array.of(0xff) },
  ]
  node.length = random.pick(forms)
  return true
}

const setTag: Mutation = (places, _donor, random) => {
  const { node } = random.pick(places)
  const long = join(Uint8Array.of(random.pick([0x1f, 0x3f, 0xbf, 0xdf])), random.bytes(random.between(1, 6)))
  const first = tagOf(node)
  node.tag = random.oneIn(12)
    ? long
    : Uint8Array.of(random.oneIn(4) ? first ^ (1 << random.below(8)) : random.pick(allTags))
  return true
}

const remove: Mutation = (places, _donor, random) => {
  const { siblings, index } = random.pick(places)
  siblings.splice(index, 1)
  return true
}

const duplicate: Mutation = (places, _donor, random) => {
  const { node, siblings, index } = random.pick(places)
  const size = encodeDer([node]).length
  const limit = random.oneIn(20) ? Math.floor(MAX_INPUT / 2 / Math.max(1, size)) : 8
  const copies = random.size(Math.max(1, limit))
  // Into a new array first: a spread of thousands of arguments is at home in no language.
  const rest = siblings.splice(index + 1)
  for (let i = 0; i < copies; i++) siblings.push(cloneNode(node))
  for (const sibling of rest) siblings.push(sibling)
  return true
}

const reorder: Mutation = (places, _donor, random) => {
  const lists = places.filter(({ siblings }) => siblings.length > 1)
  if (lists.length === 0) return false
  const { siblings, index } = random.pick(lists)
  const [node] = siblings.splice(index, 1)
  if (node !== undefined) siblings.splice(random.below(siblings.length + 1), 0, node)
  return true
}

/** Moves a copy anywhere; into itself too, since it is a copy. */
const transplant: Mutation = (places, _donor, random) => {
  const copy = cloneNode(random.pick(places).node)
  const { siblings, index } = random.pick(places)
  siblings.splice(index, random.below(2), copy)
  return true
}

const splice: Mutation = (places, donor, random) => {
  if (donor.length === 0) return false
  const { node, siblings, index } = random.pick(places)
  const alike = donor.filter((place) => tagOf(place.node) === tagOf(node))
  const source = random.pick(alike.length > 0 && !random.oneIn(4) ? alike : donor)
  siblings.splice(index, random.below(2), cloneNode(source.node))
  return true
}

const wrap: Mutation = (places, _donor, random) => {
  const { node, siblings, index } = random.pick(places)
  const tag = random.oneIn(2) && (tagOf(node) & 0x20) !== 0 ? tagOf(node) : random.pick([0x30, 0x31, 0xa0, 0xa3, 0x24])
  let wrapped = node
  for (let depth = random.size(random.oneIn(8) ? 3000 : 6); depth > 0; depth--)
    wrapped = element(tag, new Uint8Array(0), [wrapped])
  siblings[index] = flattened(wrapped)
  return true
}

/** A deep tree as bytes, so that nothing here recurses into it. */
function flattened(node: DerNode): DerNode {
  const tags: Uint8Array[] = []
  let inner: DerNode | undefined = node
  while (inner?.children?.length === 1 && inner.content.length === 0) {
    tags.push(inner.tag)
    inner = inner.children[0]
  }
  if (tags.length < 20 || inner === undefined) return node
  let bytes = encodeDer([inner])
  for (const tag of tags.reverse()) bytes = encodeDer([{ ...plainNode(bytes), tag }])
  return plainNode(bytes)
}

const unwrap: Mutation = (places, _donor, random) => {
  const found = places.filter(({ node }) => node.children !== undefined)
  if (found.length === 0) return false
  const { node, siblings, index } = random.pick(found)
  siblings.splice(index, 1, ...(node.children ?? []).slice(0, 1000))
  return true
}

const truncate: Mutation = (places, _donor, random) => {
  const { node } = random.pick(places)
  const content = contentBytes(node)
  return setContent(node, content.subarray(0, random.below(content.length + 1)))
}

const empty: Mutation = (places, _donor, random) => setContent(random.pick(places).node, new Uint8Array(0))

const blind: Mutation = (places, donor, random) => {
  const { node } = random.pick(places)
  const other = donor.length === 0 ? node : random.pick(donor).node
  return setContent(node, mutateBytes(contentBytes(node), contentBytes(other), random))
}

function contentBytes({ content, children }: DerNode): Uint8Array {
  return children === undefined ? content : join(content, encodeDer(children))
}

/** Another string type: the octets as they are, or written anew in it. */
const retypeString: Mutation = (places, _donor, random) => {
  const found = withTag(places, stringTags)
  if (found.length === 0) return false
  const { node } = random.pick(found)
  const tag = random.pick(stringTags)
  node.tag = Uint8Array.of(tag)
  const text = Buffer.from(contentBytes(node)).toString('latin1')
  if (tag === 0x1e && !random.oneIn(4)) setContent(node, utf16(text))
  else if (tag === 0x1c && !random.oneIn(4)) setContent(node, utf32(text))
  return true
}

const utf16 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf16le').swap16())
const utf32 = (text: string): Uint8Array =>
  joinAll([...text].map((character) => uint(character.codePointAt(0) ?? 0, 4)))

const texts = [
  '',
  ' ',
  '.',
  '..',
  '*',
  '*.',
  '*.*.example',
  'a..b',
  '.example.com',
  'example.com.',
  'example.com..',
  'EXAMPLE.com',
  'xn--',
  'xn--a',
  'xn--bcher-kva.example',
  'xn--zzzzzzzzzzzzzzzzzzzzzzzzzz.com',
  'b\u00fccher.example',
  '\u4f8b.example',
  'a\0b.example.com',
  'example.com\0.evil.example',
  'http://example.com/',
  'https://example.com:443/a',
  'example.com:8443',
  'a/b.example',
  '[::1]',
  '::1',
  '::ffff:1.2.3.4',
  '1.2.3.4',
  '1.2.3.4.',
  '01.2.3.4',
  '0x7f.1',
  '999.1.1.1',
  '1.2.3.4:80',
  'user@example.com',
  '"quoted, string"+x=y;<>\\',
  '#04020102',
  ' lead',
  'trail ',
  '\u202eevil.example',
  '\ufeffexample.com',
  '\u{1f600}.example',
  'a\u0301.example',
  '\u212a.example',
  'fa\u00df.example',
  '\u3002example\uff0ecom',
  '%00',
  '\\000',
  '\x1b[31mred',
  'line\nbreak.example',
  '\u00ad.example',
  '_dmarc.example.com',
  '-a-.example',
  'w*.example.com',
  '*a.example.com',
  'a.*.example.com',
  `${'a'.repeat(64)}.example`,
  `${'\u00fc'.repeat(70)}.example`,
  `${'a.'.repeat(200)}b`,
  '.'.repeat(300),
  `${'1.'.repeat(100)}1`,
  `${'/'.repeat(80)}`,
  `${'\0'.repeat(80)}`,
  `${' '.repeat(200)}a`,
  `${':'.repeat(44)}`,
  'xn--\u00fc.example',
  'a\u3002b',
  '\u0000',
  '\ud800',
  `${'a:1'.repeat(30)}`,
]

const badUtf8 = ['c080', 'eda080', 'f4908080', 'ff', 'e28080', 'c3', 'f0808080', '80', 'efbbbf61', '61c328'].map(
  (hex) => new Uint8Array(Buffer.from(hex, 'hex')),
)

function text(random: Random, old: Uint8Array): Uint8Array {
  const made = random.oneIn(6) ? random.pick(badUtf8) : utf8(random.pick(texts))
  switch (random.below(6)) {
    case 0:
      return join(old, made)
    case 1:
      return join(made, old)
    case 2:
      return ascii(random.pick(texts))
    case 3:
      return join(...new Array<Uint8Array>(random.size(40)).fill(made))
    default:
      return made
  }
}

const dates = [
  '',
  'Z',
  '500101000000Z',
  '491231235959Z',
  '000000000000Z',
  '991332256161Z',
  '000229000000Z',
  '010229000000Z',
  '2501010000Z',
  '250101000000',
  '250101000000+0100',
  '250101000000-2359',
  '250101000000+9999',
  '25010100000ZZ',
  '20500101000000Z',
  '20250101000000Z',
  '00000101000000Z',
  '99991231235959Z',
  '99991231235960Z',
  '20250101000000.5Z',
  '20250101000000,123456789Z',
  `20250101000000.${'9'.repeat(300)}Z`,
  '2025010100Z',
  '20250101000000+2400',
  '-0250101000000Z',
  '00000101000000+2359',
  '99991231235959-2359',
  '1e10',
  '\0\0\0\0\0\0\0\0\0\0\0\0\0',
  '25010100000\u00d9Z',
  '19000229000000Z',
  '20000230000000Z',
  ' 50101000000Z',
  '250101240000Z',
  '250101000060Z',
  '00010101000000Z',
]

const knownOids = [
  ...Object.values(ExtensionOid),
  ...Object.keys(extensionNames),
  ...Object.keys(attributeNames),
  '2.23.140.1.1',
  '2.23.140.1.2.1',
  '1.3.6.1.5.5.7.2.1',
  '1.3.6.1.5.5.7.2.2',
  '1.3.6.1.5.5.7.48.1',
  '1.3.6.1.5.5.7.48.2',
  '2.5.29.37.0',
  '1.2.840.10045.2.1',
  '1.2.840.113549.1.1.1',
  '1.2.840.113549.1.1.10',
  '1.3.101.112',
  '1.3.101.110',
  '1.2.840.10045.3.1.7',
  '1.2.840.10040.4.1',
  '1.3.6.1.4.1.311.20.2.3',
  '2.16.840.1.101.3.4.3.17',
]
const oddOids = [
  '',
  '80',
  '8001',
  'ff',
  '2a',
  'ffffffffffffffffff7f',
  '8080808001',
  `${'81'.repeat(31)}01`,
  `${'81'.repeat(33)}01`,
  `${'01'.repeat(1030)}`,
  '7f',
  '5504',
  '550380',
].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')))
const oid = (random: Random): Uint8Array => (random.oneIn(3) ? random.pick(oddOids) : encodeOid(random.pick(knownOids)))

const integers = [
  '',
  '00',
  '01',
  '7f',
  '80',
  'ff',
  '0000',
  '0001',
  '00ff',
  'ff80',
  'ffff',
  '008000000000000000',
  '7fffffffffffffff',
  '80000000',
  `00${'ff'.repeat(2100)}`,
  '0'.repeat(60),
  `${'ff'.repeat(20)}`,
].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')))

const bits = ['', '00', '08', 'ff', '0700', '0780', '01ff', '07ff80', '00ffffff', '0000', '0500a0'].map(
  (hex) => new Uint8Array(Buffer.from(hex, 'hex')),
)

const mutations: readonly Mutation[] = [
  setLength,
  setTag,
  remove,
  duplicate,
  reorder,
  transplant,
  splice,
  splice,
  wrap,
  unwrap,
  truncate,
  empty,
  blind,
  blind,
  retypeString,
  contentOf(stringTags, text),
  contentOf([0x81, 0x82, 0x86], text),
  contentOf([0x81, 0x82, 0x86], text),
  contentOf([0x87], (random) => random.bytes(random.pick([0, 1, 3, 4, 5, 8, 15, 16, 17, 32]))),
  contentOf(timeTags, (random) => utf8(random.pick(dates))),
  contentOf([0x06, 0x88], oid),
  contentOf([0x02, 0x0a], (random) => random.pick(integers)),
  contentOf([0x01], (random) => random.bytes(random.below(3))),
  contentOf([0x03], (random, old) => (random.oneIn(2) ? random.pick(bits) : join(random.bytes(1), old.subarray(1)))),
]

/** The list of extensions, where there is one: `[3] { SEQUENCE { … } }`. */
function extensionsIn(places: readonly Place[]): DerNode[] | undefined {
  const holder = places.find(({ node }) => tagOf(node) === 0xa3 && node.children?.length === 1)
  return holder?.node.children?.[0]?.children
}

const onExtensions =
  (change: (extensions: DerNode[], donor: readonly DerNode[], random: Random) => void): Mutation =>
  (places, donor, random) => {
    const extensions = extensionsIn(places)
    if (extensions === undefined || extensions.length === 0) return false
    change(extensions, extensionsIn(donor) ?? extensions, random)
    return true
  }

const extensionMutations: readonly Mutation[] = [
  onExtensions((extensions, _donor, random) => {
    extensions.splice(random.below(extensions.length), 0, cloneNode(random.pick(extensions)))
  }),
  onExtensions((extensions, _donor, random) => {
    extensions.splice(random.below(extensions.length), random.size(extensions.length))
  }),
  onExtensions((extensions, donor, random) => {
    if (donor.length > 0)
      extensions.splice(random.below(extensions.length), random.below(2), cloneNode(random.pick(donor)))
  }),
  onExtensions((extensions, _donor, random) => {
    extensions.reverse()
    extensions.push(...extensions.splice(0, random.below(extensions.length)))
  }),
  // Another type over the same value.
  onExtensions((extensions, _donor, random) => {
    const type = random.pick(extensions).children?.[0]
    if (type !== undefined) setContent(type, oid(random))
  }),
  // The value of one under the type of another.
  onExtensions((extensions, donor, random) => {
    const source = donor.length === 0 ? undefined : random.pick(donor).children?.at(-1)
    const target = random.pick(extensions)
    if (source !== undefined && target.children !== undefined && target.children.length > 0)
      target.children.splice(-1, 1, cloneNode(source))
  }),
  onExtensions((extensions, _donor, random) => {
    const { children } = random.pick(extensions)
    children?.splice(1, random.below(2), element(0x01, random.bytes(random.below(3))))
  }),
  onExtensions((extensions, _donor, random) => {
    extensions.push(
      element(0x30, new Uint8Array(0), [
        element(0x06, encodeOid(random.pick(knownOids))),
        element(0x04, random.oneIn(2) ? Uint8Array.of(0x05, 0x00) : random.bytes(random.size(40))),
      ]),
    )
  }),
]

/** The TBSCertificate a log makes of a precertificate: its first element without the poison. Of anything else: anything. */
export function tbsOfPrecertificate(der: Uint8Array): Uint8Array {
  const tbs = parseDer(der)[0]?.children?.[0]
  if (tbs === undefined) return der
  const extensions = extensionsIn(placesIn([tbs]))
  const poison = Buffer.from(encodeOid(ExtensionOid.precertPoison))
  const at = extensions?.findIndex(({ children }) => poison.equals(children?.[0]?.content ?? new Uint8Array(0))) ?? -1
  if (at >= 0) extensions?.splice(at, 1)
  return encodeDer([tbs])
}
