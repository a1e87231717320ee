import { PAGE } from './entries.mjs'

/**
 * get-entries answers of full pages. One rendered page per 256 templates is kept; for an answer, the few base64 groups that differ
 * between entries of the same template are written into it.
 */
export class Pages {
  constructor(entries) {
    this.entries = entries
    this.rendered = Array.from({ length: entries.pages }, (_, i) => render(entries, i * PAGE))
  }

  /**
   * The answer of page `number`, and what to call once it was sent: until then nobody else gets this memory.
   * @returns `{ body, ends, release }`; `ends[i]` is where entry `i` and its comma end.
   */
  page(number) {
    const rendered = this.rendered[number % this.rendered.length]
    const body = rendered.busy ? Buffer.from(rendered.body) : rendered.body
    const mine = body === rendered.body
    if (mine) rendered.busy = true
    for (let i = 0; i < PAGE; i++) {
      const { leaf, extra, serialInLeaf, serialInExtra } = this.entries.at(number * PAGE + i)
      const { leafAt, extraAt } = rendered.places[i]
      // The leaf stands behind the 0x00 of its hash.
      rewrite(body, leafAt, leaf, 1, 2, 10)
      rewrite(body, leafAt, leaf, 1, serialInLeaf, serialInLeaf + 4)
      rewrite(body, leafAt, leaf, 1, leaf.length - 6, leaf.length - 1)
      if (serialInExtra >= 0) rewrite(body, extraAt, extra, 0, serialInExtra, serialInExtra + 4)
    }
    const release = () => {
      if (mine) rendered.busy = false
    }
    return { body, ends: rendered.ends, release }
  }
}

const OPEN = '{"entries":['

function render(entries, first) {
  const parts = [OPEN]
  const places = []
  const ends = []
  let at = OPEN.length
  const add = (text) => {
    parts.push(text)
    at += text.length
    return at
  }
  for (let i = 0; i < PAGE; i++) {
    const { leaf, extra } = entries.at(first + i)
    const leafAt = add('{"leaf_input":"')
    const extraAt = add(`${leaf.toString('base64', 1)}","extra_data":"`)
    add(`${extra.toString('base64')}"}${i < PAGE - 1 ? ',' : ''}`)
    places.push({ leafAt, extraAt })
    ends.push(at)
  }
  add(']}')
  return { body: Buffer.from(parts.join(''), 'latin1'), places, ends, busy: false }
}

/** Writes the base64 groups that hold octets `from` to `to` of `bytes` after `skip`, whose text begins at `textAt`. */
function rewrite(body, textAt, bytes, skip, from, to) {
  const group = Math.floor(from / 3)
  const stop = Math.min(Math.ceil(to / 3) * 3, bytes.length - skip)
  body.latin1Write(bytes.base64Slice(skip + group * 3, skip + stop), textAt + group * 4)
}

/** Entries `from` to `to` of a page, as an answer of their own. */
export function part({ body, ends }, from, to) {
  const start = from === 0 ? OPEN.length : ends[from - 1]
  const end = to === PAGE ? ends[to - 1] : ends[to - 1] - 1
  return Buffer.concat([Buffer.from(OPEN), body.subarray(start, end), Buffer.from(']}')])
}
