// Every public member says what it is: lists those of the built declarations that have no docstring, and fails if there are any.
import { readFileSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import ts from 'typescript'

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
const entries = Object.values(exports).flatMap(({ types }) => (types === undefined ? [] : [types]))
const dist = resolve('dist') + sep
const program = ts.createProgram(entries, {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  types: ['node'],
  skipLibCheck: true,
})
const checker = program.getTypeChecker()

const isOfOurs = (node) => node.getSourceFile().fileName.startsWith(dist)
const behind = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol)

/** What is exported, and what that names of ours. */
function publicSymbols() {
  const reached = new Set()
  for (const entry of entries) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(entry))
    for (const symbol of checker.getExportsOfModule(module)) reached.add(behind(symbol))
  }
  for (const symbol of reached)
    for (const declaration of symbol.declarations ?? []) {
      const look = (node) => {
        if (ts.isIdentifier(node)) {
          const found = checker.getSymbolAtLocation(node)
          const named = found && behind(found)
          if (named?.declarations?.some((one) => isOfOurs(one) && ts.isSourceFile(one.parent))) reached.add(named)
        }
        ts.forEachChild(node, look)
      }
      if (isOfOurs(declaration)) look(declaration)
    }
  return reached
}

/** Also what a member has of the interface that its class implements. */
const isDocumented = (symbol) =>
  symbol.getDocumentationComment(checker).length > 0 || symbol.getJsDocTags(checker).length > 0

/** Members of a class, an interface, or the object type that an alias names; alternatives of a union are described as a whole. */
function membersOf(declaration) {
  if (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration)) return declaration.members
  if (!ts.isTypeAliasDeclaration(declaration)) return []
  const found = []
  const look = (type) => {
    if (ts.isTypeLiteralNode(type)) found.push(...type.members)
    else if (ts.isIntersectionTypeNode(type)) type.types.forEach(look)
    else if (ts.isParenthesizedTypeNode(type)) look(type.type)
  }
  look(declaration.type)
  return found
}

const missing = new Set()
let count = 0
for (const symbol of publicSymbols())
  for (const declaration of symbol.declarations ?? []) {
    if (!isOfOurs(declaration)) continue
    const file = relative(dist, declaration.getSourceFile().fileName).replace(/\.d\.ts$/, '.ts')
    const check = (one, name) => {
      count++
      if (!isDocumented(one)) missing.add(`src/${file}: ${name}`)
    }
    check(symbol, symbol.name)
    for (const member of membersOf(declaration)) {
      const flags = ts.getCombinedModifierFlags(member)
      if (member.name === undefined || flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) continue
      // What tells the members of a union apart needs no words of its own.
      if (member.type !== undefined && ts.isLiteralTypeNode(member.type)) continue
      const its = checker.getSymbolAtLocation(member.name)
      if (its !== undefined) check(its, `${symbol.name}.${its.name}`)
    }
  }

for (const name of [...missing].sort()) console.error(name)
console.log(`${count - missing.size} of ${count} public members have a docstring`)
process.exitCode = missing.size === 0 ? 0 : 1
