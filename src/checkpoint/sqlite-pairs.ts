/** The versions that a JavaScript runtime reports: `process.versions`. */
export interface RuntimeVersions {
  readonly node?: string | undefined
  readonly deno?: string | undefined
  readonly bun?: string | undefined
}

/**
 * Whether a version of better-sqlite3 would crash a runtime.
 *
 * Such a crash cannot be caught, so the versions decide (seen 2026-11-24):
 * - better-sqlite3 13 under Node 20 ends with a segmentation fault at the first statement (13.2.0 on 20.20.2);
 * - better-sqlite3 12 under Node 24 and later aborts when a database or statement is collected (12.11.1, from 24.19 on): it is built
 *   upon V8, which changes; 13 is built upon Node-API, which does not.
 *
 * Deno and Bun support Node-API, whatever version of Node they report, but not the V8 interface that 12 needs.
 *
 * @returns The problem and what to install; `undefined` when they work together.
 */
export function wrongPair(driver: string, { node = '', deno, bun }: RuntimeVersions): string | undefined {
  const [driverMajor, nodeMajor] = [major(driver), major(node)]
  const isForNodeAlone = driverMajor < 13
  const install = `run "npm install better-sqlite3@${isForNodeAlone ? 13 : 12}"`
  if (deno !== undefined || bun !== undefined)
    return isForNodeAlone ? `better-sqlite3 ${driver} is for Node alone: ${install}` : undefined
  if (isForNodeAlone && nodeMajor >= 24) return `better-sqlite3 ${driver} would crash Node ${node}: ${install}`
  if (driverMajor >= 13 && nodeMajor < 22)
    return `better-sqlite3 ${driver} would crash Node ${node}: use Node 22 or later, or ${install}`
  return undefined
}

/** `NaN`, neither below nor above anything, when it is no version. */
function major(version: string): number {
  return Number.parseInt(version, 10)
}
