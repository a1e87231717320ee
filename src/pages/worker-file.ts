import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const NAME = 'page-worker.js'

/**
 * The program of a worker thread: beside this code in the package; where a bundler has put this code elsewhere, in the package
 * that it was made of, when that is still installed. `undefined` where it is in neither place.
 */
export function workerFile(from: string | undefined = import.meta.url): string | undefined {
  return [besides, inPackage].map((find) => attempt(() => find(from))).find((file) => file !== undefined)
}

function besides(from: string | undefined): string {
  return fileURLToPath(new URL(NAME, from))
}

/** @param from - A bundle in the form of CommonJS has no URL: it is looked for from where the process was started. */
function inPackage(from: string | undefined): string {
  const { resolve: find } = createRequire(from ?? resolve('index.js'))
  return join(dirname(find('ct-stream/package.json')), 'dist', NAME)
}

function attempt(find: () => string): string | undefined {
  try {
    const file = find()
    return existsSync(file) ? file : undefined
  } catch {
    return undefined
  }
}
