import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const here = import.meta.dirname

/** Folders with the programs of each, and why a server that is not among them cannot run here. */
export interface Builds {
  readonly sunlight?: string
  readonly ctfe?: string
  readonly submit?: string
  readonly missing: Readonly<Record<string, string>>
}

interface Recipe {
  readonly name: string
  /** Module whose version is the build's; without one, the build goes by the hash of its sources. */
  readonly module?: string
  readonly source: string
  /** What `go build` builds: `tool` stands for the tools that go.mod lists. */
  readonly target: string
  /** Files of modules that are needed beside the programs. */
  readonly files?: readonly { readonly module: string; readonly path: string }[]
}

const recipes = {
  sunlight: { name: 'sunlight', module: 'filippo.io/sunlight', source: join(here, 'sunlight'), target: 'tool' },
  ctfe: {
    name: 'ctfe',
    module: 'github.com/google/certificate-transparency-go',
    source: join(here, 'ctfe'),
    target: 'tool',
    files: [{ module: 'github.com/google/trillian', path: 'storage/mysql/schema/storage.sql' }],
  },
  submit: { name: 'submit', source: join(here, '..', 'submit'), target: '.' },
} satisfies Record<string, Recipe>

/** What Trillian's database needs; both are found on Debian in mariadb-server-core and mariadb-client-core. */
const databasePrograms = ['mariadbd', 'mariadb-install-db', 'mariadb']

/**
 * Builds what can run here, everything at the same time.
 * @throws When a build fails, and, with `CT_STREAM_TEST_REQUIRE_LOGS=1`, when anything is missing.
 */
export async function buildAll(): Promise<Builds> {
  const missing: Record<string, string> = {}
  const go = await output('go', ['env', 'GOVERSION'])
  const noDatabase = await missingPrograms(databasePrograms)
  if (go === undefined) missing.sunlight = missing.ctfe = 'Go is not in the PATH'
  else if (noDatabase.length > 0) missing.ctfe = `${noDatabase.join(', ')} not in the PATH`
  if (process.env.CT_STREAM_TEST_REQUIRE_LOGS === '1' && Object.keys(missing).length > 0)
    throw new Error(
      `CT_STREAM_TEST_REQUIRE_LOGS is set, but ${Object.entries(missing)
        .map((m) => m.join(': '))
        .join('; ')}`,
    )
  if (go === undefined) return { missing }
  const [sunlight, ctfe, submit] = await Promise.all([
    build(recipes.sunlight, go),
    missing.ctfe === undefined ? build(recipes.ctfe, go) : undefined,
    build(recipes.submit, go),
  ])
  return { sunlight, ctfe, submit, missing }
}

/** The folder with the programs of a recipe; `undefined` where there is no Go. */
export async function buildOne(recipe: Recipe): Promise<string | undefined> {
  const go = await output('go', ['env', 'GOVERSION'])
  return go === undefined ? undefined : build(recipe, go)
}

/** The folder with the programs, below the cache folder: `sunlight-v0.8.1`. Built once for each go.mod and Go version. */
async function build(recipe: Recipe, go: string): Promise<string> {
  const inputs = fingerprint(recipe.source, go)
  const version = recipe.module === undefined ? inputs.slice(0, 12) : versionIn(recipe.source, recipe.module)
  const folder = join(homedir(), '.cache', 'ct-stream', 'logs', `${recipe.name}-${version}`)
  const stamp = join(folder, 'built-from')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) return folder

  console.log(`building ${recipe.name} ${version} in ${folder}: once, may take minutes`)
  // Beside its place and renamed, so that a build that is interrupted, or two at a time, leave nothing half done.
  const building = `${folder}.${randomUUID()}`
  mkdirSync(building, { recursive: true })
  try {
    await goCommand(recipe.source, 'build', '-trimpath', '-o', `${building}/`, recipe.target)
    for (const { module, path } of recipe.files ?? []) {
      const directory = (await goCommand(recipe.source, 'list', '-m', '-f', '{{.Dir}}', module)).trim()
      cpSync(join(directory, path), join(building, path.slice(path.lastIndexOf('/') + 1)))
    }
    writeFileSync(join(building, 'built-from'), inputs)
    rmSync(folder, { recursive: true, force: true })
    renameSync(building, folder)
  } finally {
    rmSync(building, { recursive: true, force: true })
  }
  return folder
}

async function goCommand(cwd: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, GOFLAGS: '-mod=readonly -buildvcs=false' }
  const { stdout } = await run('nice', ['go', ...args], { cwd, env, maxBuffer: 1 << 26 })
  return stdout
}

/** Hash of everything that goes into a build. */
function fingerprint(source: string, go: string): string {
  const hash = createHash('sha256').update(go).update(process.arch)
  for (const file of readdirSync(source).sort()) hash.update(file).update(readFileSync(join(source, file)))
  return hash.digest('hex')
}

/** The version that go.mod requires. */
export function versionIn(source: string, module: string): string {
  const line = readFileSync(join(source, 'go.mod'), 'utf8').match(new RegExp(`^(?:require)?\\s+${module} (v\\S+)`, 'm'))
  if (line?.[1] === undefined) throw new Error(`${source}/go.mod does not require ${module}`)
  return line[1]
}

async function missingPrograms(names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(names.map((name) => output(name, ['--help'])))
  return names.filter((_, i) => found[i] === undefined)
}

/** What the command prints, or nothing where there is no such command. */
async function output(command: string, args: string[]): Promise<string | undefined> {
  try {
    return (await run(command, args, { maxBuffer: 1 << 26 })).stdout.trim()
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : ''
  }
}
