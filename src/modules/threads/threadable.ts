import type { Module } from '../definition.js'

/** Modules that the program of a thread can make by name, with options that are plain data. */
export type ThreadableName = 'intelligence' | 'watchlist'

const mark = Symbol('runs in a thread')

/** Marks a module that needs nothing of the caller's thread. Its handlers are for certificates only, and report only about these. */
export function threadable<M extends Module>(module: M, name: ThreadableName): M {
  Object.defineProperty(module, mark, { value: name })
  return module
}

/** By which name a thread can make the module; `undefined` for a module that must stay here. */
export function threadName(module: Module): ThreadableName | undefined {
  return (module as { readonly [mark]?: ThreadableName })[mark]
}
