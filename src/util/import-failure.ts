/**
 * Why a file could not be imported, on one line.
 *
 * @param error - What `import()` rejected with.
 * @param nodeVersion - Default: that of this process.
 */
export function importFailure(error: unknown, file: string, nodeVersion: string = process.versions.node): string {
  const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.m?ts$/.test(file))
    return `it is TypeScript, which Node.js reads from 22.18 on, and this is Node.js ${nodeVersion}: compile it to .js, or update Node.js`
  return message
}
