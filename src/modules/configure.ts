import type { z } from 'zod'
import { CtStreamError } from '../errors.js'
import { booleanOption, choiceOption, integerOption, objectOption, optionError } from '../util/options.js'
import { suggest } from '../util/suggest.js'
import type { ConfiguredModule, Module, ModuleErrorPolicy, ModuleLimits } from './definition.js'
import { isModule } from './definition.js'
import { inOrder, type Ordered } from './order.js'

/** Default limits of modules. */
export const MODULE_DEFAULTS = Object.freeze({
  queueEntries: 10_000,
  queueBytes: 16 * 1024 * 1024,
  concurrency: 1,
  timeoutMs: 30_000,
  whenFull: 'drop',
  maxFindings: 1000,
})

/** Smallest and largest of the limits that are integers. */
export const LIMIT_RANGES = Object.freeze({
  queueEntries: [1, 10_000_000],
  queueBytes: [65_536, 2 ** 40],
  concurrency: [1, 1024],
  timeoutMs: [10, 86_400_000],
  maxFindings: [1, 1_000_000],
  attempts: [1, 1_000_000],
} as const)

export const POLICIES: readonly ModuleErrorPolicy[] = ['skip', 'retry', 'stop-module', 'stop-stream']
const LIMITS = [...(Object.keys(LIMIT_RANGES) as (keyof typeof LIMIT_RANGES)[]), 'onError', 'whenFull'] as const
const USE = ['module', 'options', 'name', 'acknowledge', 'after', 'limits'] as const

/** A module ready to run: everything checked, every default filled in. */
export interface PreparedModule extends Ordered {
  readonly definition: Module
  readonly options: unknown
  readonly acknowledge: boolean
  readonly wantsCertificates: boolean
  readonly wantsFindings: boolean
  readonly limits: Required<Omit<ModuleLimits, 'whenFull'>>
  /**
   * Whether acknowledgement waits for this module: it asked for that, or it may report findings to a module that did. Without waiting for
   * the latter, a crash could lose findings that it had not reported yet.
   */
  readonly isWaitedFor: boolean
  readonly whenFull: 'drop' | 'block'
}

/**
 * Checks modules and puts them in order.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, naming the module, the option and its path; `CT_MODULE_INVALID` for a value that is
 * no module.
 */
export function prepareModules(modules: readonly (Module | ConfiguredModule)[]): PreparedModule[] {
  if (!Array.isArray(modules)) throw optionError('modules', 'an array of modules', modules)
  const prepared = modules.map((module, i) => prepare(module, `modules[${i}]`))
  const names = new Set<string>()
  for (const { name } of prepared) {
    if (names.has(name))
      throw new CtStreamError(
        'CT_OPTION_INVALID',
        `two modules are named \`${name}\`: give one of them another \`name\``,
      )
    names.add(name)
  }
  const ordered = inOrder(prepared)
  const last = ordered.findLastIndex((module) => module.acknowledge && module.wantsFindings)
  return ordered.map((module, i) => {
    const isWaitedFor = module.acknowledge || i < last
    return { ...module, isWaitedFor, whenFull: isWaitedFor ? 'block' : module.whenFull }
  })
}

function prepare(given: Module | ConfiguredModule, option: string): Omit<PreparedModule, 'isWaitedFor'> {
  const use = isModule(given) ? { module: given } : objectOption<ConfiguredModule>(option, given, USE)
  const definition = use.module
  if (!isModule(definition))
    throw new CtStreamError('CT_MODULE_INVALID', `\`${option}\` is no module: make one with defineModule()`)
  const name = nameOption(`${option}.name`, use.name ?? definition.name)
  const place = `module \`${name}\``
  const handlers: readonly [keyof Module, keyof Module][] = [
    ['onCertificate', 'onBatch'],
    ['onFinding', 'onFindings'],
  ]
  for (const [one, many] of handlers)
    if (definition[one] !== undefined && definition[many] !== undefined)
      throw new CtStreamError('CT_OPTION_INVALID', `${place} has both ${one} and ${many}: it can have one of them`)
  const acknowledge = booleanOption(`${place} acknowledge`, use.acknowledge ?? definition.acknowledge, false)
  const options = optionsOf(definition, use.options, place)
  const wants = definition.wants?.(options) ?? {}
  const hasCertificates = definition.onCertificate !== undefined || definition.onBatch !== undefined
  const hasFindings = definition.onFinding !== undefined || definition.onFindings !== undefined
  return {
    name,
    definition,
    options,
    acknowledge,
    after: namesOption(`${place} after`, use.after),
    afterIfThere: namesOption(`${place} after`, definition.after),
    wantsCertificates: hasCertificates && (wants.certificates ?? true),
    wantsFindings: hasFindings && (wants.findings ?? true),
    ...limitsOf(`${place} limits`, definition.limits, use.limits, acknowledge),
  }
}

function limitsOf(
  option: string,
  own: ModuleLimits | undefined,
  use: ModuleLimits | undefined,
  acknowledge: boolean,
): Pick<PreparedModule, 'limits' | 'whenFull'> {
  const given: ModuleLimits = {
    ...objectOption<ModuleLimits>(option, own ?? {}, LIMITS),
    ...objectOption<ModuleLimits>(option, use ?? {}, LIMITS),
  }
  const integer = (key: keyof typeof LIMIT_RANGES, fallback: number) => {
    const [min, max] = LIMIT_RANGES[key]
    return integerOption(`${option}.${key}`, given[key], min, max, fallback)
  }
  const onError = choiceOption(`${option}.onError`, given.onError, POLICIES, acknowledge ? 'retry' : 'skip')
  if (acknowledge && onError === 'stop-module')
    throw new CtStreamError(
      'CT_OPTION_INVALID',
      `\`${option}.onError\` cannot be 'stop-module' with acknowledge: true, as no position could move after it stopped: ` +
        "use 'stop-stream', or 'skip' to give up what fails",
    )
  return {
    whenFull: choiceOption(`${option}.whenFull`, given.whenFull, ['drop', 'block'], MODULE_DEFAULTS.whenFull as 'drop'),
    limits: {
      queueEntries: integer('queueEntries', MODULE_DEFAULTS.queueEntries),
      queueBytes: integer('queueBytes', MODULE_DEFAULTS.queueBytes),
      concurrency: integer('concurrency', MODULE_DEFAULTS.concurrency),
      timeoutMs: integer('timeoutMs', MODULE_DEFAULTS.timeoutMs),
      maxFindings: integer('maxFindings', MODULE_DEFAULTS.maxFindings),
      attempts: integer('attempts', Infinity),
      onError,
    },
  }
}

function optionsOf(definition: Module, given: unknown, place: string): unknown {
  const schema = definition.options
  if (schema === undefined) {
    if (given === undefined || (typeof given === 'object' && given !== null && Object.keys(given).length === 0))
      return {}
    throw new CtStreamError('CT_OPTION_INVALID', `${place} takes no options`)
  }
  const result = schema.safeParse(given ?? {})
  if (result.success) return result.data
  throw new CtStreamError('CT_OPTION_INVALID', `${place}: ${issuesOf(result.error, schema)}`, { cause: result.error })
}

/** The first five errors, each with its path in the options. */
function issuesOf(error: z.ZodError, schema: z.ZodType): string {
  const faults = error.issues.flatMap((issue) => faultsOf(issue, schema))
  const more = faults.length - 5
  return faults.slice(0, 5).join('; ') + (more > 0 ? `; and ${more} more` : '')
}

function faultsOf(issue: z.core.$ZodIssue, schema: z.ZodType): string[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  if (issue.code !== 'unrecognized_keys')
    return [`option \`${path.replace(/^\./, '') || 'options'}\`: ${issue.message}`]
  const { shape = {} } = schema as { readonly shape?: object }
  return issue.keys.map((key) => {
    const meant = path === '' ? suggest(key, Object.keys(shape)) : undefined
    return `option \`${`${path}.${key}`.slice(1)}\` does not exist${meant === undefined ? '' : `, did you mean \`${meant}\`?`}`
  })
}

function nameOption(option: string, value: unknown): string {
  // Such a name is safe in a log line, a file name and an environment variable.
  if (typeof value === 'string' && /^[a-z0-9][a-z0-9._/-]{0,63}$/.test(value)) return value
  throw optionError(option, '1 to 64 of a to z, digits, `-`, `_`, `.` and `/`, a letter or digit first', value)
}

function namesOption(option: string, value: unknown): readonly string[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return [...value]
  throw optionError(option, 'an array of names of modules', value)
}
