import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

const filesBelow = (folder: string) =>
  (readdirSync(join(root, folder), { recursive: true }) as string[]).map((path) => join(folder, path)).sort()

/** What users read, as paths in this repository: the README, the guides beside the code, those beside the examples. */
export const guides: readonly string[] = [
  'README.md',
  ...filesBelow('src').filter((path) => /^src\/[^/]+\/README\.md$/.test(path)),
  ...filesBelow('examples').filter((path) => path.endsWith('.md')),
]

export const readGuide = (path: string): string => readFileSync(join(root, path), 'utf8')

/** A fenced block of a guide. */
export interface GuideBlock {
  readonly guide: string
  readonly language: string
  readonly code: string
}

/** The blocks of all guides in one language, such as `ts`. */
export const blocksIn = (language: string): GuideBlock[] =>
  guides.flatMap((guide) =>
    [...readGuide(guide).matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
      .map(([, language = '', code = '']) => ({ guide, language, code }))
      .filter((block) => block.language === language),
  )
