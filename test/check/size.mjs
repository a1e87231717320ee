// What `import 'ct-stream'` loads: how many bytes, and which packages. Raise a ceiling in the commit that needs it, and say why there.
import { readFileSync, statSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative } from 'node:path'

/** Bytes of JavaScript: of the entry alone, and of all that is loaded with it. */
const CEILINGS = { entry: 6_000, graph: 352_000 }
/** What may be loaded with the entry. Everything else waits until it is used. */
const PACKAGES = []

const entry = join('dist', 'index.js')
const files = new Map()
const packages = new Set()
visit(entry)

function visit(file) {
  if (files.has(file)) return
  files.set(file, statSync(file).size)
  // What esbuild writes: one statement a line, or several lines up to its `from`.
  const statements = readFileSync(file, 'utf8').matchAll(
    /^(?:import|export)\s(?:[^'"();]*?\sfrom\s)?\s*["']([^"']+)["'];?$/gm,
  )
  for (const [, specifier] of statements) {
    if (specifier.startsWith('.')) visit(join(dirname(file), specifier))
    else if (!specifier.startsWith('node:') && !builtinModules.includes(specifier))
      packages.add(/^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier)
  }
}

const sizes = { entry: files.get(entry), graph: [...files.values()].reduce((sum, size) => sum + size, 0) }
const problems = Object.entries(CEILINGS).flatMap(([what, ceiling]) =>
  sizes[what] > ceiling ? [`${what}: ${sizes[what]} bytes, more than ${ceiling}`] : [],
)
for (const name of packages) if (!PACKAGES.includes(name)) problems.push(`loads ${name} at once`)
for (const [file, size] of files) console.log(`${String(size).padStart(8)} ${relative('dist', file)}`)
console.log(
  `${String(sizes.graph).padStart(8)} bytes in ${files.size} files, packages: ${[...packages].join(', ') || 'none'}`,
)
for (const problem of problems) console.error(`import 'ct-stream' ${problem}`)
process.exitCode = problems.length === 0 ? 0 : 1
