import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A program of a worker thread, as the package has it. */
export type WorkerProgram = 'page-worker.js' | 'module-worker.js'

/**
 * Finds the program of a worker thread: beside this file; when a bundler has moved this code, in the installed package. `undefined` when
 * it is in neither place.
 */
export function workerFile(name: WorkerProgram, from: string | undefined = import.meta.url): string | undefined {
  return [besides, inPackage].map((find) => attempt(() => find(name, from))).find((file) => file !== undefined)
}

function besides(name: WorkerProgram, from: string | undefined): string {
  return fileURLToPath(new URL(name, from))
}

/** @param from - `undefined` in a CommonJS bundle, which has no URL: the search then begins in the working directory. */
function inPackage(name: WorkerProgram, from: string | undefined): string {
  const { resolve: find } = createRequire(from ?? resolve('index.js'))
  return join(dirname(find('ct-stream/package.json')), 'dist', name)
}

function attempt(find: () => string): string | undefined {
  try {
    const file = find()
    return existsSync(file) ? file : undefined
  } catch {
    return undefined
  }
}
