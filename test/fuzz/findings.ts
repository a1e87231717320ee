import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Target } from './target.js'

export interface Finding {
  readonly target: string
  readonly message: string
  /** What makes it the same as another: the message without its numbers and quotes, and where it was thrown. */
  readonly key: string
  readonly stack: string
}

/** Runs an input once; what it threw. */
export async function check(target: Target, input: Uint8Array, thorough: boolean): Promise<Finding | undefined> {
  try {
    await target.run(input, thorough)
    return undefined
  } catch (error) {
    return describe(target, error)
  }
}

export function describe(target: Target, error: unknown): Finding {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error))
  // The first line of our own sources: the fault, or for a broken promise the check.
  const frames = stack.split('\n').filter((line) => /\bat .*(?:src|fuzz)\//.test(line) && !/target\.ts/.test(line))
  const place = /(?:src|test)\/[\w/.-]+:\d+/.exec(frames[0] ?? '')?.[0] ?? ''
  const text = `${name}: ${message}`
  const shape = text
    .replace(/"(?:[^"\\]|\\.)*"?/g, '"…"')
    .replace(/\d+/g, '0')
    .slice(0, 120)
  return { target: target.name, message: text, key: `${target.name} | ${shape} | ${place}`, stack }
}

/** Writes the input to `<folder>/<target>/<hash>.bin` and a line about it to the README beside it; returns the file. */
export function record(folder: string, finding: Finding, input: Uint8Array): string {
  const name = `${createHash('sha256').update(input).digest('hex').slice(0, 16)}.bin`
  mkdirSync(join(folder, finding.target), { recursive: true })
  const file = join(folder, finding.target, name)
  if (existsSync(file)) return file
  writeFileSync(file, input)
  const readme = join(folder, 'README.md')
  const message = finding.message.replace(/\s+/g, ' ').replaceAll('|', '\\|').slice(0, 300)
  const line = `| ${finding.target}/${name} | ${input.length} | ${message} |\n`
  writeFileSync(readme, (existsSync(readme) ? readFileSync(readme, 'utf8') : '') + line)
  return file
}

export interface Fixture {
  readonly target: string
  readonly file: string
}

/** Every recorded input, by the target it is for. */
export function fixtures(folder: string): Fixture[] {
  if (!existsSync(folder)) return []
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return folders.flatMap(({ name }) =>
    readdirSync(join(folder, name))
      .filter((file) => file.endsWith('.bin'))
      .sort()
      .map((file) => ({ target: name, file: join(folder, name, file) })),
  )
}
