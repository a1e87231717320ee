// The public API as text, made of the built declarations: `node test/check/api-report.mjs` compares it with what is committed, `--write`
// writes it. A change in it needs a line in CHANGELOG.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import ts from 'typescript'

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
/** Declarations by what they are imported as, the main entry first. */
const ENTRIES = Object.entries(exports).flatMap(([path, { types }]) =>
  types === undefined ? [] : [[path.replace('.', 'ct-stream'), types]],
)
const dist = resolve('dist') + sep
const printer = ts.createPrinter({ removeComments: true })

/** What was reported before: of the subpaths only what is their own. */
const reported = new Set()
const placeOf = (symbol) => `${symbol.declarations?.[0]?.getSourceFile().fileName} ${symbol.name}`

function reportOf(entry) {
  const options = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
  }
  const program = ts.createProgram([entry], { ...options, target: ts.ScriptTarget.ES2023, skipLibCheck: true })
  const checker = program.getTypeChecker()
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry))
  const behind = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol)
  const exported = new Map(checker.getExportsOfModule(module).map((symbol) => [behind(symbol), symbol.name]))
  // What an exported declaration names without being exported itself is part of it.
  const reached = new Set(exported.keys())
  for (const symbol of reached)
    for (const declaration of symbol.declarations ?? []) {
      const look = (node) => {
        if (ts.isIdentifier(node)) {
          const found = checker.getSymbolAtLocation(node)
          const named = found && behind(found)
          const isOurs = named?.declarations?.some((one) => isOfOurs(one) && ts.isSourceFile(one.parent))
          if (isOurs && !reported.has(placeOf(named))) reached.add(named)
        }
        ts.forEachChild(node, look)
      }
      if (isOfOurs(declaration)) look(declaration)
    }
  for (const symbol of reached) reported.add(placeOf(symbol))
  const texts = [...reached].map((symbol) => ({
    name: exported.get(symbol) ?? `${symbol.name} (not exported)`,
    text: (symbol.declarations ?? []).map(textOf).join('\n'),
  }))
  texts.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.text < b.text ? -1 : 1))
  return texts.map(({ name, text }) => `## ${name}\n${text}\n`).join('\n')
}

function isOfOurs(node) {
  return node.getSourceFile().fileName.startsWith(dist)
}

function textOf(declaration) {
  const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration
  const text = printer.printNode(ts.EmitHint.Unspecified, node, declaration.getSourceFile())
  // Of a class, what is private is no promise.
  return text.replace(/^ +private .*\n/gm, '').trim()
}

const isWriting = process.argv.includes('--write')
let isChanged = false
for (const [name, entry] of ENTRIES) {
  const file = join('test', 'check', 'api', `${name.replaceAll('/', '-')}.api.txt`)
  const report = `# The public API of ${name}, made by test/check/api-report.mjs\n\n${reportOf(entry)}`
  if (isWriting) writeFileSync(file, report)
  else if (report !== committed(file)) {
    isChanged = true
    console.error(`${file} is not the API that was built: ${differences(committed(file), report)}`)
  }
}
if (isChanged) console.error('If that is meant: node test/check/api-report.mjs --write, and a line in CHANGELOG.md')
process.exitCode = isChanged ? 1 : 0

function committed(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Lines that only one of them has. */
function differences(before, after) {
  const [old, now] = [before.split('\n'), after.split('\n')]
  const gone = old.filter((line) => !now.includes(line)).map((line) => `\n- ${line}`)
  return [...gone, ...now.filter((line) => !old.includes(line)).map((line) => `\n+ ${line}`)].slice(0, 40).join('')
}
