import type { Random } from './random.js'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json } | Raw

/** JSON text that is written as it stands: numbers JavaScript does not have, keys twice. */
class Raw {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const oddities: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e21,
  2 ** 53,
  2 ** 53 - 1,
  -0,
  '',
  ' ',
  'AAAA',
  'A',
  'AA==',
  'AB==',
  '====',
  'AA=A',
  '-_-_',
  'null',
  'https://ct.example/',
  'http://127.0.0.1/',
  'https://user:pw@ct.example/',
  'https://[::1]/',
  'javascript:0',
  '2026-01-01T00:00:00Z',
  '2026-13-45T99:99:99Z',
  '+275760-09-13T00:00:00.001Z',
  '\u0000',
  '\ud800',
  '\u2028',
  '\u001b[31m',
  [],
  [[]],
  {},
  [null],
  '__proto__',
  new Raw('1e999'),
  new Raw('-0'),
  new Raw('9007199254740993'),
  new Raw('1E400'),
  new Raw('"\\u0041AAA"'),
  new Raw('"\\/\\/8="'),
  new Raw('"\\ud800"'),
  new Raw('{"__proto__":{"x":1}}'),
  new Raw('{"length":3}'),
  new Raw('[,]'),
  new Raw('01'),
  new Raw('NaN'),
  new Raw('"AA\nAA"'),
  new Raw("'AAAA'"),
  new Raw('"AAA\\"A"'),
  new Raw('"AAAA\\\\"'),
  new Raw('[['.repeat(2000)),
  new Raw('{"a":'.repeat(3000)),
  new Raw(`"${'A'.repeat(70_000)}"`),
]

/**
 * Changes a JSON value one to three times and writes it in one of many ways.
 * @param special - What else to do with a string, such as to change the bytes it is base64 of.
 */
export function mutateJson(text: string, random: Random, special?: (text: string) => string): string {
  let root: Json
  try {
    root = JSON.parse(text) as Json
  } catch {
    return text
  }
  for (let left = random.size(3); left > 0; left--) root = changeSomewhere(root, random, special)
  return write(root, random, random.below(4), random.oneIn(4), 0)
}

/** A copy to change, so that what is picked from stays what it is. */
function cloneJson(value: Json): Json {
  if (typeof value !== 'object' || value === null || value instanceof Raw) return value
  if (Array.isArray(value)) return value.map(cloneJson)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cloneJson(item)]))
}

function changeSomewhere(value: Json, random: Random, special: ((text: string) => string) | undefined): Json {
  if (typeof value === 'object' && value !== null && !(value instanceof Raw) && !random.oneIn(6)) {
    const keys = Object.keys(value)
    if (keys.length > 0) {
      const key = random.pick(keys)
      const holder = value as Record<string, Json>
      holder[key] = changeSomewhere(holder[key] as Json, random, special)
      return value
    }
  }
  return change(value, random, special)
}

function change(value: Json, random: Random, special: ((text: string) => string) | undefined): Json {
  if (typeof value === 'string' && special !== undefined && !random.oneIn(3)) return special(value)
  if (typeof value === 'string' && random.oneIn(2)) return changeText(value, random)
  if (typeof value === 'number' && random.oneIn(2)) return random.pick([value + 1, -value, value * 2 ** 31, value / 3])
  if (Array.isArray(value) && value.length > 0 && !random.oneIn(4)) return changeArray(value, random)
  if (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Raw) &&
    !Array.isArray(value) &&
    !random.oneIn(4)
  )
    return changeObject(value, random)
  return cloneJson(random.pick(oddities))
}

function changeText(text: string, random: Random): string {
  const at = random.below(text.length + 1)
  const insert = random.pick([
    '=',
    ' ',
    '\n',
    '-',
    '\\',
    '"',
    '/',
    'A',
    '\u00e9',
    '\u2028',
    '\0',
    'AAAA',
    'é',
    '\ud83d\ude00',
  ])
  return (
    [text.slice(0, at), text.slice(at), text.slice(0, at) + insert + text.slice(at), text + text][random.below(4)] ?? ''
  )
}

function changeArray(items: Json[], random: Random): Json {
  const at = random.below(items.length)
  const item = items[at] as Json
  const choice = random.below(4)
  if (choice === 0) items.splice(at, 1)
  else if (choice === 1) items.splice(at, 0, cloneJson(item))
  else if (choice === 2) items.reverse()
  else for (let left = random.size(300); left > 0; left--) items.push(cloneJson(item))
  return items
}

function changeObject(fields: { [key: string]: Json }, random: Random): Json {
  const keys = Object.keys(fields)
  const key = keys.length === 0 ? 'x' : random.pick(keys)
  const choice = random.below(4)
  if (choice === 0) delete fields[key]
  else if (choice === 1)
    fields[random.pick(['extra', '', key.toUpperCase(), ` ${key}`, 'toString', 'length'])] = cloneJson(
      random.pick(oddities),
    )
  else if (choice === 2) return Object.fromEntries(Object.entries(fields).reverse()) as Json
  else
    return new Raw(
      `{${JSON.stringify(key)}:${write(fields[key] ?? null, random, 0, false, 0)},${write(fields, random, 0, false, 0).slice(1)}`,
    )
  return fields
}

/** JSON text: how much white space, whether characters are escaped that need not be. */
function write(value: Json | undefined, random: Random, style: number, escapes: boolean, depth: number): string {
  if (value === undefined) return 'null'
  if (value instanceof Raw) return value.text
  if (typeof value === 'string') return escapes ? escaped(value, random) : JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const gap =
    style === 1
      ? ' '
      : style === 2
        ? `\n${'  '.repeat(depth)}`
        : style === 3
          ? random.pick(['', ' ', '\t', '\r\n'])
          : ''
  const inner = (item: Json | undefined) => write(item, random, style, escapes, depth + 1)
  if (Array.isArray(value)) return `[${value.map((item) => gap + inner(item)).join(`${gap},`)}${gap}]`
  const fields = Object.entries(value).map(
    ([key, item]) => `${gap}${escapes ? escaped(key, random) : JSON.stringify(key)}${gap}:${inner(item)}`,
  )
  return `{${fields.join(',')}${gap}}`
}

function escaped(text: string, random: Random): string {
  const slashes = JSON.stringify(text).replaceAll('/', '\\/')
  if (!random.oneIn(3) || text.length === 0) return slashes
  const at = random.below(text.length)
  const unit = text.charCodeAt(at).toString(16).padStart(4, '0')
  return `"${JSON.stringify(text.slice(0, at)).slice(1, -1)}\\u${unit}${JSON.stringify(text.slice(at + 1)).slice(1, -1)}"`
}
