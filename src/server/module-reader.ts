import { type ConfiguredModule, defineModule, type Module } from '../modules/definition.js'
import { certificateOfFinding } from '../modules/finding-certificate.js'
import { type ModuleRun, runModules } from '../modules/run-modules.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Finding } from '../types/finding.js'
import type { Backlog } from './backlog.js'
import type { ServerSettings } from './options.js'
import { type ServedEntry, servedEntry } from './served-entry.js'
import type { ServedPage } from './served-page.js'

/** After `close()`: what modules may still take for what they have, and to end; less than the 3 s promised for all of it. Milliseconds. */
const DRAIN_TIMEOUT_MS = 1500
const TEARDOWN_TIMEOUT_MS = 500

export interface ModuleReaderOptions {
  readonly settings: Pick<ServerSettings, 'source' | 'modules' | 'logger' | 'clock'>
  readonly backlog: Pick<Backlog, 'add' | 'hasFinding'>
  readonly signal: AbortSignal
  /** What was kept and sent on, batch by batch. */
  readonly batches: () => AsyncIterator<readonly CtCertificate[]>
  /** Called with every page of findings, when it is kept. */
  readonly publish: (page: ServedPage) => void
}

/**
 * Gives to modules what was sent to clients, and sends what they find: it is kept as certificates are, with ids of the same series, so that
 * a client that comes back gets it too. Of a source that can be acknowledged, an entry is, when all modules that are waited for are finished
 * and their findings are kept; others are waited for by nobody. What a run before has kept is not sent again, as long as it is kept.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, `CT_MODULE_INVALID` for modules that cannot be run.
 */
export function runOnServer({ settings, backlog, signal, batches, publish }: ModuleReaderOptions): ModuleRun {
  const { source, modules, logger, clock } = settings
  const isManual = source.acknowledgement === 'manual'
  const sender = defineModule({
    name: 'ct-stream/served',
    description: 'findings for clients of the server',
    acknowledge: isManual,
    async onFindings(findings) {
      const fresh = findings.filter(({ id }) => !backlog.hasFinding(id))
      for (const entries of byLog(fresh)) publish(await backlog.add(entries))
    },
  })
  const served = {
    batches,
    [Symbol.asyncIterator]: () => source[Symbol.asyncIterator](),
    acknowledge: (certificate: CtCertificate) => source.acknowledge?.(certificate),
    acknowledgement: isManual ? 'manual' : 'automatic',
    close: async () => source.close?.(),
  } as const
  const all: readonly (Module | ConfiguredModule)[] = [...modules, sender]
  return runModules(served, all, {
    logger,
    signal,
    clock,
    drainTimeoutMs: DRAIN_TIMEOUT_MS,
    teardownTimeoutMs: TEARDOWN_TIMEOUT_MS,
  })
}

/** Pieces of one log, in order. */
function byLog(findings: readonly Finding[]): readonly (readonly ServedEntry[])[] {
  const pieces: ServedEntry[][] = []
  for (const finding of findings) {
    const certificate = certificateOfFinding(finding)
    if (certificate === undefined) continue
    const entry = { ...servedEntry(certificate, undefined), finding }
    const last = pieces.at(-1)
    if (last?.[0]?.log.id === entry.log.id) last.push(entry)
    else pieces.push([entry])
  }
  return pieces
}
