import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CtStreamError } from '../../errors.js'
import type { StatisticsReport } from '../../intelligence/statistics-report.js'
import type { Logger } from '../../types/clock.js'
import type { CtStreamOptions } from '../../types/stream-options.js'
import { askedStream } from '../asked-stream.js'
import type { Command, CommandContext } from '../command.js'
import { DEFAULT_END_PATIENCE_MS, type Flag, jsonFlag, reportFlags, streamFlags } from '../flags/flags.js'
import { metricsFlags } from '../flags/metrics-flags.js'
import { namedModuleFile } from '../flags/module-flag.js'
import { sourceFlag } from '../flags/source-flag.js'
import { everyFrom } from '../flags/when.js'
import type { FollowedStream } from '../follow.js'
import { type Surroundings, showStream } from '../show-stream.js'
import { commandLogger } from '../terminal/report.js'

const GROUP = 'The report:'
const DEFAULT_ROWS = 10
const flags: readonly Flag[] = [
  // Counts start from zero with each run, so resuming from stored positions would leave out what earlier runs counted.
  ...streamFlags.filter(({ name }) => name !== 'checkpoint'),
  sourceFlag,
  { name: 'every', type: 'text', value: 'TIME', help: 'report every 30s, 10m, 1d; default: at the end', group: GROUP },
  { name: 'rows', type: 'text', value: 'N', help: `rows of each table (default ${DEFAULT_ROWS})`, group: GROUP },
  { name: 'weak-keys', type: 'switch', help: 'try RSA keys for ROCA and for close primes', group: GROUP },
  { ...jsonFlag, note: 'a report is a line' },
  {
    name: 'html',
    type: 'text',
    value: 'FILE',
    help: 'write each report to FILE: one page with plots that needs no other host',
    group: GROUP,
    isFlagOnly: true,
  },
  ...metricsFlags,
  ...reportFlags,
]

/** `ct-stream stats`: who issues what, and which rules are broken. */
export const stats: Command = {
  name: 'stats',
  summary: 'Counts certificates: by CA, log, key, validity, domain and broken rule.',
  positionals: [],
  flags,
  examples: [
    ['ct-stream stats --limit 10000', 'of the next ten thousand entries'],
    [
      'ct-stream stats --start 1h --end head --dedupe issuance --html report.html',
      'the last hour as a page with plots',
    ],
    ['ct-stream stats --every 10m --json', 'a line of JSON every ten minutes, until it is stopped'],
  ],
  whenStopped: 'done',
  run: runStats,
}

async function runStats(context: CommandContext): Promise<void> {
  const { values, io } = context
  const rows = values.integer('rows', 1, 1000) ?? DEFAULT_ROWS
  const everyMs = everyFrom(values)
  const request = await askedStream(context)
  const [{ CertificateStatistics }, { countStream }] = await Promise.all([
    import('../../intelligence/statistics.js'),
    import('../stats/count-stream.js'),
  ])
  const show = await shower(context)
  const path = namedModuleFile(context)
  if (path !== undefined) commandLogger(context).warn(`ct-stream stats runs no modules: those of ${path} are left out`)
  const statistics = new CertificateStatistics({
    clock: io.clock,
    withoutCertificate: hasPairs(request, values.text('source')),
  })
  const consume = (stream: FollowedStream, { output, limit }: Surroundings) =>
    countStream(stream, {
      ...{ statistics, limit, everyMs, stop: io.stop, clock: io.clock },
      inspect: { weakKeys: values.switch('weak-keys') },
      report: () => show(statistics.report(rows), output),
    })
  if (values.has('source')) return (await import('../from-server.js')).fromServer(context, { consume })
  const open = async (logger: Logger) => {
    const { ctStream } = await import('../../stream/ct-stream.js')
    return ctStream({ ...request, checkpoint: false, logger })
  }
  await showStream({
    context,
    open,
    consume,
    end: request.end,
    endPatienceMs: request.endPatienceMs ?? DEFAULT_END_PATIENCE_MS,
  })
}

/**
 * Whether precertificates come with their certificates: counted without them, each would lack its own.
 *
 * @param source - URL of a server, which leaves certificates out if its query says so.
 */
function hasPairs({ dedupe, filter }: CtStreamOptions, source: string | undefined): boolean {
  const query = source !== undefined && URL.canParse(source) ? new URL(source).searchParams : undefined
  const isAskedOf = (parameter: string) => query?.has(parameter) === true
  return dedupe !== 'issuance' && filter?.kinds === undefined && !isAskedOf('dedupe') && !isAskedOf('kind')
}

type Shower = (report: StatisticsReport, output: Surroundings['output']) => Promise<boolean>

/** Shows a report as the flags ask for. */
async function shower({ io, values }: CommandContext): Promise<Shower> {
  const [{ statsText }, { statsPage }, { styleFor }, { harmlessJson }, { replaceFile }] = await Promise.all([
    import('../stats/stats-text.js'),
    import('../stats/stats-page.js'),
    import('../terminal/style.js'),
    import('../../util/harmless.js'),
    import('../../util/replace-file.js'),
  ])
  const html = values.text('html')
  // Checked now, before a day is spent on counting.
  if (html !== undefined) await access(dirname(html), constants.W_OK).catch((error) => notWritten(html, error))
  const style = styleFor(io.stdout, io.env)
  const isJson = values.switch('json')
  let isFirst = true
  return async (report, output) => {
    if (html !== undefined) await replaceFile(html, statsPage(report)).catch((error) => notWritten(html, error))
    const text = isJson
      ? `${harmlessJson(report)}\n`
      : `${isFirst ? '' : '\n'}${statsText(report, style, io.stdout.columns || undefined)}`
    isFirst = false
    return output.write(text)
  }
}

function notWritten(path: string, cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause)
  throw new CtStreamError('CT_OUTPUT_FAILED', `the report ${path} cannot be written: ${reason}`, { cause })
}
