import type { PreparedModule } from '../../modules/configure.js'
import type { ConfiguredModule } from '../../modules/definition.js'
import type { Command, CommandContext } from '../command.js'
import { type Flag, jsonFlag } from '../flags/flags.js'
import { hasModules, moduleFlag, namedSpecs } from '../flags/module-flag.js'
import { usageError } from '../flags/usage-error.js'
import type { RunningModule } from '../modules/running.js'
import { Output } from '../terminal/output.js'
import { type Style, styleFor } from '../terminal/style.js'
import { type Column, jsonLines, tableText, widthFor } from '../terminal/table.js'

const runningFlag: Flag = {
  name: 'running',
  type: 'text',
  value: 'URL',
  help: 'the modules of a running process, with counters: URL of its --metrics-port, or of a server',
  isFlagOnly: true,
}

/** `ct-stream modules`: the modules that certificates would go through, and whether they can run. */
export const modules: Command = {
  name: 'modules',
  summary:
    'The modules of --config and --module, in order, with options and state; without any, those of this package.',
  positionals: [],
  flags: [moduleFlag, runningFlag, jsonFlag],
  examples: [
    [
      'ct-stream modules --running http://127.0.0.1:9464',
      'those of a process that was started with --metrics-port 9464',
    ],
    [
      'ct-stream modules --config ct-stream.config.json',
      'checks that its modules are found, and their options are valid',
    ],
  ],
  run: showModules,
}

/** A line of the table. */
interface Row {
  readonly name: string
  /** `ready` to run, `wrong` (see `problem`), or `available`: not in use. */
  readonly state: 'ready' | 'wrong' | 'available'
  readonly problem: string | undefined
  /** `certificates`, `findings`, both or nothing. */
  readonly gets: readonly string[]
  readonly acknowledge: boolean | undefined
  /** Options with secrets hidden; only their names for a module that is `available`. */
  readonly options: unknown
  readonly description: string | undefined
}

async function showModules(context: CommandContext): Promise<void> {
  const { io, values } = context
  const url = values.text('running')
  if (url !== undefined) return showRunning(context, url)
  const { rows, failure } = hasModules(context) ? await rowsOf(context) : { rows: await ownRows(), failure: undefined }
  const style = styleFor(io.stdout, io.env)
  const text = values.switch('json')
    ? jsonLines(rows.map(({ options = null, ...row }) => ({ ...row, options })))
    : tableText(rows, columnsIn(style), style, widthFor(io.stdout))
  await new Output(io.stdout).write(text, io.stop)
  if (failure !== undefined) throw failure
}

async function showRunning({ io, values }: CommandContext, text: string): Promise<void> {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!/^https?:$/.test(url?.protocol ?? '') || url === undefined)
    throw usageError(`${values.from('running')} must be a URL such as http://127.0.0.1:9464`)
  if (values.has('module')) throw usageError(`${values.from('running')} shows what runs elsewhere; leave out --module`)
  const { runningModules } = await import('../modules/running.js')
  const rows = await runningModules(url, io.stop)
  const style = styleFor(io.stdout, io.env)
  const shown = values.switch('json') ? jsonLines(rows) : tableText(rows, countersIn(style), style, widthFor(io.stdout))
  await new Output(io.stdout).write(shown, io.stop)
}

function countersIn(style: Style): readonly Column<RunningModule>[] {
  const number = (title: string, read: (row: RunningModule) => number): Column<RunningModule> => ({
    title,
    text: (row) => String(read(row)),
    isNumber: true,
  })
  const isWell = (state: string) => state !== 'hung' && state !== 'failed'
  return [
    { title: 'MODULE', text: ({ name }) => name },
    {
      title: 'STATE',
      text: ({ state }) => state,
      paint: (text, { state }) => style[isWell(state) ? 'green' : 'red'](text),
    },
    number('CERTIFICATES', ({ certificates }) => certificates),
    number('FINDINGS', ({ findings }) => findings),
    number('REPORTED', ({ emitted }) => emitted),
    number('REPEATS', ({ repeats }) => repeats),
    number('DROPPED', ({ dropped }) => dropped),
    number('SKIPPED', ({ skipped }) => skipped),
    number('ERRORS', ({ errors }) => errors),
    number('WAITING', ({ queued }) => queued),
  ]
}

async function rowsOf(context: CommandContext): Promise<{ readonly rows: readonly Row[]; readonly failure?: unknown }> {
  const { loadSpec, prepareAll } = await import('../modules/load.js')
  const { shownOptions } = await import('../modules/shown-options.js')
  const rowOf = ({
    name,
    definition,
    wantsCertificates,
    wantsFindings,
    acknowledge,
    options,
  }: PreparedModule): Row => ({
    name,
    state: 'ready',
    problem: undefined,
    gets: [...(wantsCertificates ? ['certificates'] : []), ...(wantsFindings ? ['findings'] : [])],
    acknowledge,
    options: shownOptions(options),
    description: definition.description,
  })
  const rows: Row[] = []
  const loaded: ConfiguredModule[] = []
  const failures: unknown[] = []
  for (const named of namedSpecs(context)) {
    try {
      const found = await loadSpec(named)
      loaded.push(...found)
      for (const module of found) rows.push(...prepareAll([{ ...module, after: [] }]).map(rowOf))
    } catch (error) {
      failures.push(error)
      const problem = (error instanceof Error ? error.message : String(error)).replace(`${named.from}: `, '')
      rows.push({ ...unknownRow, name: named.from, problem })
    }
  }
  // With some modules missing, errors about their order would only repeat the complaint.
  if (failures.length > 0) return { rows, failure: failures[0] }
  try {
    return { rows: prepareAll(loaded).map(rowOf) }
  } catch (failure) {
    return { rows, failure }
  }
}

const unknownRow: Omit<Row, 'name' | 'problem'> = {
  state: 'wrong',
  gets: [],
  acknowledge: undefined,
  options: undefined,
  description: undefined,
}

async function ownRows(): Promise<readonly Row[]> {
  const { ownModule, ownModuleNames } = await import('../modules/own-modules.js')
  const { optionsSchema } = await import('../../modules/json-schema.js')
  const own = await Promise.all(ownModuleNames.map(async (name) => ({ name, module: await ownModule(name) })))
  return own.map(({ name, module }) => {
    const { properties } = module === undefined ? {} : optionsSchema(module)
    return {
      ...unknownRow,
      name,
      state: 'available',
      problem: undefined,
      acknowledge: module?.acknowledge,
      options: Object.keys(properties ?? {}),
      description: module?.description,
    }
  })
}

function columnsIn(style: Style): readonly Column<Row>[] {
  const colours = { ready: style.green, wrong: style.red, available: style.dim }
  return [
    { title: 'MODULE', text: ({ name }) => name },
    { title: 'STATE', text: ({ state }) => state, paint: (text, { state }) => colours[state](text) },
    { title: 'GETS', text: ({ gets }) => (gets.length > 0 ? gets.join(', ') : undefined) },
    {
      title: 'WAITED FOR',
      text: ({ acknowledge }) => (acknowledge === undefined ? undefined : acknowledge ? 'yes' : 'no'),
    },
    { title: 'OPTIONS', text: optionsText },
    { title: 'DESCRIPTION', text: ({ problem, description }) => problem ?? description },
  ]
}

function optionsText({ state, options }: Row): string | undefined {
  if (options === undefined) return undefined
  return state === 'available' && Array.isArray(options) ? options.join(', ') : JSON.stringify(options)
}
