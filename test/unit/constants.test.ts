import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const src = join(import.meta.dirname, '..', '..', 'src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

/** A number or a text, or what is computed of such: not a table, a function or an object. */
function isLiteral(node: ts.Node | undefined): boolean {
  if (node === undefined) return false
  if (ts.isNumericLiteral(node) || ts.isBigIntLiteral(node) || ts.isStringLiteralLike(node)) return true
  if (ts.isPrefixUnaryExpression(node)) return isLiteral(node.operand)
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return isLiteral(node.expression)
  const isPart = (part: ts.Node) => ts.isIdentifier(part) || isLiteral(part)
  return ts.isBinaryExpression(node) && isPart(node.left) && isPart(node.right)
}

/** Names of the constants of a file that hold a number or a text. */
function literalsOf(text: string): string[] {
  const constants = ts
    .createSourceFile('file.ts', text, ts.ScriptTarget.ES2023)
    .statements.filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations)
  return constants.flatMap(({ name, initializer }) =>
    ts.isIdentifier(name) && isLiteral(initializer) ? [name.text] : [],
  )
}

// biome's useNamingConvention knows a constant, and not what it holds: it would want functions and tables in capitals, too.
describe('a constant of a file that holds a number or a text', () => {
  it('is written in capitals', () => {
    const names = files.flatMap((file) =>
      literalsOf(readFileSync(join(src, file), 'utf8')).map((name) => ({ file, name })),
    )
    expect(names.length).toBeGreaterThan(500)
    expect(names.filter(({ name }) => !/^[A-Z][A-Z0-9_]*$/.test(name))).toEqual([])
  })

  it('is found whatever it is computed of', () => {
    expect(literalsOf("const a = -1, b = 2 * (60 * A)\nconst c = 'x' as const\nconst d = [1], e = () => 1")).toEqual([
      ...'abc',
    ])
  })
})
