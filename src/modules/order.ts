import { CtStreamError } from '../errors.js'
import { suggest } from '../util/suggest.js'

/** An item to order. */
export interface Ordered {
  readonly name: string
  /** Names of items that must come before it. */
  readonly after: readonly string[]
  /** The same, but they need not exist. */
  readonly afterIfThere: readonly string[]
}

/**
 * Puts modules in the order in which they see each other's findings: as given, except that each comes after those it names.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for an unknown name, and for a cycle, which the message lists.
 */
export function inOrder<T extends Ordered>(modules: readonly T[]): T[] {
  const byName = new Map(modules.map((module) => [module.name, module]))
  const ordered = new Set<T>()
  const visit = (module: T, path: readonly string[]): void => {
    if (ordered.has(module)) return
    if (path.includes(module.name)) throw cycle([...path.slice(path.indexOf(module.name)), module.name])
    for (const name of [...module.after, ...module.afterIfThere]) {
      const before = byName.get(name)
      if (before !== undefined) visit(before, [...path, module.name])
      else if (module.after.includes(name)) throw unknownName(module.name, name, byName.keys())
    }
    ordered.add(module)
  }
  for (const module of modules) visit(module, [])
  return [...ordered]
}

function cycle(names: readonly string[]): CtStreamError {
  return new CtStreamError(
    'CT_OPTION_INVALID',
    `modules wait for each other: ${names.join(' after ')}; take one of these names out of its \`after\``,
  )
}

function unknownName(module: string, name: string, names: Iterable<string>): CtStreamError {
  const others = [...names].filter((other) => other !== module)
  const meant = suggest(name, others)
  return new CtStreamError(
    'CT_OPTION_INVALID',
    `module \`${module}\` is to come after \`${name}\`, which is not in this run` +
      (meant === undefined ? `; there are ${others.join(', ') || 'no others'}` : `, did you mean \`${meant}\`?`),
  )
}
