import { join, joinAll } from './bytes.js'

/** How an element's length is written. */
export type LengthForm =
  | { readonly kind: 'der' }
  /** Long form with this many octets, as few as it needs at least. */
  | { readonly kind: 'padded'; readonly octets: number }
  | { readonly kind: 'indefinite'; readonly closed: boolean }
  /** Whatever these octets say. */
  | { readonly kind: 'lie'; readonly octets: Uint8Array }

/** One element as a mutation sees it. With an empty `tag` it is bytes that are no element, written as they stand. */
export interface DerNode {
  /** Identifier octets. */
  tag: Uint8Array
  length: LengthForm
  /** Content before the children: all of it when there are none; the unused bits of a BIT STRING that holds elements. */
  content: Uint8Array
  /** Of a constructed element, and of a string that holds elements. */
  children: DerNode[] | undefined
}

const MAX_DEPTH = 40
const der: LengthForm = { kind: 'der' }

/** Elements one after the other; where they stop being elements, the rest is one node of plain bytes. Total. */
export function parseDer(bytes: Uint8Array, depth = 0): DerNode[] {
  const nodes: DerNode[] = []
  for (let at = 0; at < bytes.length; ) {
    const frame = frameAt(bytes, at)
    if (frame === undefined) {
      nodes.push(plainNode(bytes.subarray(at)))
      break
    }
    const content = bytes.subarray(frame.start, frame.stop)
    nodes.push(node(bytes.subarray(at, frame.tagEnd), frame.form, content, depth))
    at = frame.stop
  }
  return nodes
}

export const plainNode = (content: Uint8Array): DerNode => ({
  tag: new Uint8Array(0),
  length: der,
  content,
  children: undefined,
})

export function element(tag: number, content: Uint8Array, children?: DerNode[]): DerNode {
  return { tag: Uint8Array.of(tag), length: der, content, children }
}

export function encodeDer(nodes: readonly DerNode[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (const item of nodes) encodeInto(item, parts)
  return joinAll(parts)
}

/** A copy that shares nothing that mutations change. */
export const cloneNode = (source: DerNode): DerNode => ({
  ...source,
  children: source.children?.map(cloneNode),
})

function node(tag: Uint8Array, length: LengthForm, content: Uint8Array, depth: number): DerNode {
  const first = tag[0] as number
  if (depth < MAX_DEPTH && (first & 0x20) !== 0)
    return { tag, length, content: new Uint8Array(0), children: parseDer(content, depth + 1) }
  const skip = first === 0x04 ? 0 : first === 0x03 && content[0] === 0 ? 1 : -1
  const inner = skip < 0 || depth >= MAX_DEPTH ? undefined : wholeElements(content.subarray(skip), depth + 1)
  return { tag, length, content: inner === undefined ? content : content.subarray(0, skip), children: inner }
}

/** The elements in a string, where it holds such: they must fill it. */
function wholeElements(bytes: Uint8Array, depth: number): DerNode[] | undefined {
  const first = bytes[0]
  if (first !== 0x30 && first !== 0x03 && first !== 0x04 && first !== 0x02) return undefined
  const frame = frameAt(bytes, 0)
  return frame?.stop === bytes.length ? parseDer(bytes, depth) : undefined
}

interface Frame {
  readonly tagEnd: number
  readonly start: number
  readonly stop: number
  readonly form: LengthForm
}

function frameAt(bytes: Uint8Array, at: number): Frame | undefined {
  let tagEnd = at + 1
  if (((bytes[at] as number) & 0x1f) === 0x1f) {
    while (tagEnd < bytes.length && tagEnd < at + 6 && (bytes[tagEnd] as number) >= 0x80) tagEnd++
    tagEnd++
  }
  const first = bytes[tagEnd]
  if (first === undefined) return undefined
  const octets = first < 0x80 ? 0 : first - 0x80
  if (first === 0x80 || octets > 6) return undefined
  const start = tagEnd + 1 + octets
  let length = first
  if (octets > 0) {
    length = 0
    for (const octet of bytes.subarray(tagEnd + 1, start)) length = length * 256 + octet
  }
  if (start + length > bytes.length) return undefined
  const isMinimal = octets === 0 || (length >= 0x80 && bytes[tagEnd + 1] !== 0)
  return { tagEnd, start, stop: start + length, form: isMinimal ? der : { kind: 'padded', octets } }
}

function encodeInto({ tag, length, content, children }: DerNode, parts: Uint8Array[]): number {
  const at = parts.length
  let size = content.length
  parts.push(content)
  for (const child of children ?? []) size += encodeInto(child, parts)
  if (tag.length === 0) return size
  const header = join(tag, encodeLength(size, length))
  parts.splice(at, 0, header)
  if (length.kind !== 'indefinite' || !length.closed) return header.length + size
  parts.push(new Uint8Array(2))
  return header.length + size + 2
}

function encodeLength(size: number, form: LengthForm): Uint8Array {
  if (form.kind === 'lie') return form.octets
  if (form.kind === 'indefinite') return Uint8Array.of(0x80)
  if (form.kind === 'der' && size < 0x80) return Uint8Array.of(size)
  const octets: number[] = []
  for (let left = size; left > 0; left = Math.floor(left / 256)) octets.unshift(left % 256)
  while (form.kind === 'padded' && octets.length < Math.min(126, form.octets)) octets.unshift(0)
  return Uint8Array.of(0x80 + octets.length, ...octets)
}
