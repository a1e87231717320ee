import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

const src = join(import.meta.dirname, '..', '..', '..', 'src')

/** Everything that is loaded with a file: what it and its imports import, types and `import()` left out. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  if (!file.endsWith('.ts')) return seen
  const statements = readFileSync(join(src, file), 'utf8').matchAll(
    /^(?:import|export)\s+(?!type\b)(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm,
  )
  for (const [, name = ''] of statements) {
    const isFile = name.startsWith('.')
    loadedWith(isFile ? join(dirname(file), name).replace(/\.js$/, '.ts') : name, seen)
  }
  return seen
}

describe('the command line', () => {
  const heavy = /^(?:modules|outputs|watchlist|stream\/ct-stream|cli\/modules)\b|^(?:zod|tldts|better-sqlite3|undici)$/

  it('loads modules, outputs, zod and the stream only when they are used', () => {
    const loaded = [...loadedWith('cli/main.ts')]
    expect(loaded).toContain('cli/commands/stream.ts')
    expect(loaded.filter((name) => heavy.test(name))).toEqual([])
  })

  it('loads zod with no module of anybody before that imports it', () => {
    expect([...loadedWith('cli/modules/load.ts'), ...loadedWith('cli/modules/run.ts')]).not.toContain('zod')
  })
})
