import { z } from 'zod'
import { breachFinder } from '../intelligence/inspect.js'
import { RULES, type RuleBreach, type RuleId } from '../intelligence/rule.js'
import { CertificateStatistics, readerOf } from '../intelligence/statistics.js'
import { readWeakKeys } from '../intelligence/weak-keys.js'
import { readFileUpTo } from '../loglist/read-file.js'
import type { CtCertificate } from '../types/certificate.js'
import type { LogInfo } from '../types/log.js'
import { elapsedOf } from '../util/clock.js'
import { harmlessJson } from '../util/harmless.js'
import { replaceFile } from '../util/replace-file.js'
import { defineModule, type Module, type ModuleContext, type SetupContext } from './definition.js'
import { threadable } from './threads/threadable.js'

const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const

const options = z.strictObject({
  minSeverity: z.enum(SEVERITIES).default('low').describe('Rules of less severity are counted, and not reported.'),
  ignore: z
    .array(z.enum(Object.keys(RULES) as [RuleId, ...RuleId[]]))
    .default([])
    .describe('Rules that are counted, and not reported.'),
  weakKeys: z
    .boolean()
    .default(false)
    .describe('Try RSA keys for the ROCA form and for close primes: some tenths of a millisecond each.'),
  weakKeyLists: z
    .array(z.string().min(1))
    .default([])
    .describe("Files of keys known to be weak, such as Debian's openssl-blacklist: a line each, 64 or 20 hex digits."),
  withoutCertificate: z
    .boolean()
    .default(true)
    .describe(
      'Count precertificates without a certificate: false where the source leaves certificates out (dedupe: issuance, a filter of kinds).',
    ),
  report: z.string().min(1).optional().describe('File that a report of the statistics is written to, as JSON.'),
  reportEveryMs: z
    .number()
    .int()
    .min(1000)
    .max(86_400_000)
    .default(60_000)
    .describe('How often it is written while certificates come, milliseconds. Always at the end.'),
})

/** Options of {@link intelligence}. */
export type IntelligenceModuleOptions = z.input<typeof options>

/** Objects that a program may pass to the module; all optional. */
export interface IntelligenceModuleTools {
  /** Where certificates are counted; the program can ask it for reports. Default: statistics of the module's own. */
  readonly statistics?: CertificateStatistics
  /** As for `inspectCertificate`. */
  readonly knownWeakKeys?: ReadonlySet<string>
  /** As for `inspectCertificate`. Default: the operators of the logs that certificates came from so far. */
  readonly operators?: ReadonlyMap<string, string>
}

interface State {
  readonly add: (cert: CtCertificate) => readonly RuleBreach[]
  /** Rules whose breaches are reported. */
  readonly reported: ReadonlySet<RuleId>
  /** Writes a report when it is due. */
  readonly report: (isEnd: boolean) => Promise<void>
}

/**
 * Makes the module {@link intelligence} with objects of your program.
 *
 * @example
 * const statistics = new CertificateStatistics()
 * runModules(stream, [intelligenceModule({ statistics }).with({}), jsonl.with({ file: 'broken-rules.jsonl' })])
 */
export function intelligenceModule(tools: IntelligenceModuleTools = {}): Module<IntelligenceModuleOptions> {
  const module = defineModule({
    name: 'intelligence',
    description: 'which rules certificates break, and statistics over all',
    options,
    setup: (context) => setUp(context, tools),
    async onBatch(certificates, context) {
      for (const certificate of certificates) {
        const breaches = context.state.add(certificate)
        if (breaches.length > 0) report(certificate, breaches, context)
      }
      await context.state.report(false)
    },
    teardown: ({ state }) => state.report(true),
  })
  return Object.values(tools).every((tool) => tool === undefined) ? threadable(module, 'intelligence') : module
}

/**
 * Reports the rules of the RFCs and the CA/Browser Forum that certificates break (see `inspectCertificate`), and counts all certificates
 * (see `CertificateStatistics`).
 *
 * ```ts
 * await runModules(ctStream(), [intelligence.with({ minSeverity: 'medium' }), webhook.with({ url })]).done
 * ```
 *
 * A finding's `kind` and `subject` are the rule's id: one for each rule and issuance. Its reason ends with the clause.
 */
export const intelligence: Module<IntelligenceModuleOptions> = intelligenceModule()

export default intelligence

async function setUp(
  { options: given, log, clock }: SetupContext<z.output<typeof options>>,
  tools: IntelligenceModuleTools,
): Promise<State> {
  const { withoutCertificate } = given
  const { statistics = new CertificateStatistics({ clock, withoutCertificate }) } = tools
  const seen = new Map<string, string>()
  const knownWeakKeys = await weakKeys(given.weakKeyLists, tools.knownWeakKeys)
  const inspecting = { operators: tools.operators ?? seen, knownWeakKeys, weakKeys: given.weakKeys }
  const find = breachFinder(inspecting, readerOf(statistics))
  const elapsed = elapsedOf(clock)
  let written = elapsed()
  const report = async (isEnd: boolean) => {
    if (given.report === undefined || (!isEnd && elapsed() - written < given.reportEveryMs)) return
    written = elapsed()
    try {
      await replaceFile(given.report, `${harmlessJson(statistics.report())}\n`)
    } catch (error) {
      log.warn(`the report cannot be written: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  let last: LogInfo | undefined
  const add = (cert: CtCertificate) => {
    const { log: from } = cert
    if (from !== last) seen.set(from.id, from.operator)
    last = from
    const breaches = find(cert)
    statistics.add(cert, breaches)
    return breaches
  }
  const least = SEVERITIES.indexOf(given.minSeverity)
  const rules = (Object.keys(RULES) as RuleId[]).filter((rule) => SEVERITIES.indexOf(RULES[rule].severity) >= least)
  return { add, reported: new Set(rules.filter((rule) => !given.ignore.includes(rule))), report }
}

/** Largest list: a hundred million hex digits are more than all keys that Debian's OpenSSL made. */
const MAX_LIST_BYTES = 256 * 1024 * 1024

async function weakKeys(files: readonly string[], more: ReadonlySet<string> = new Set()): Promise<ReadonlySet<string>> {
  const keys = new Set(more)
  for (const file of files) readWeakKeys(new TextDecoder().decode(await readFileUpTo(file, MAX_LIST_BYTES)), file, keys)
  return keys
}

function report(
  certificate: CtCertificate,
  breaches: readonly RuleBreach[],
  { state, emit }: ModuleContext<z.output<typeof options>, State>,
): void {
  for (const { rule, severity, clause, text, names } of breaches) {
    if (!state.reported.has(rule)) continue
    const [name] = names
    emit({
      kind: rule,
      severity,
      reasons: [{ text: `${text} (${clause})`, ...(name !== undefined && name !== '' && { name }) }],
      certificate,
    })
  }
}
