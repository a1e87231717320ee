import { type ConfiguredModule, defineModule, type Module } from '../modules/definition.js'
import { certificateOfFinding } from '../modules/finding-certificate.js'
import { type ModuleRun, runModules } from '../modules/run-modules.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Finding } from '../types/finding.js'
import type { Backlog } from './backlog.js'
import type { ServerSettings } from './options.js'
import { type ServedEntry, servedEntry } from './served-entry.js'
import type { ServedPage } from './served-page.js'

/** How long modules may take after `close()` to finish and end; less than the 3 s promised for the server. Milliseconds. */
const DRAIN_TIMEOUT_MS = 1500
const TEARDOWN_TIMEOUT_MS = 500
/** Most findings of this run that are known again: ten times what one call gets. */
const MOST_PUBLISHED = 10_000

export interface ModuleReaderOptions {
  readonly settings: Pick<ServerSettings, 'source' | 'modules' | 'moduleThreads' | 'logger' | 'clock'>
  readonly backlog: Pick<Backlog, 'add' | 'hasFinding'>
  readonly signal: AbortSignal
  /** Entries that were kept and sent, batch by batch. */
  readonly batches: () => AsyncIterator<readonly CtCertificate[]>
  /** Called with each page of findings once it is kept. */
  readonly publish: (page: ServedPage) => void
}

/**
 * Gives modules the entries that were sent to clients, and sends their findings. Findings are kept like certificates, with ids of the same
 * series, so that a client that reconnects gets them too. An entry is acknowledged, if the source allows that, when all modules that
 * acknowledgement waits for have finished it and their findings are kept. A finding that was kept, by this run or an earlier one, is not sent
 * again.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, `CT_MODULE_INVALID` for modules that cannot be run.
 */
export function runOnServer({ settings, backlog, signal, batches, publish }: ModuleReaderOptions): ModuleRun {
  const { source, modules, moduleThreads: threads, logger, clock } = settings
  const isManual = source.acknowledgement === 'manual'
  const published = new Published()
  const sender = defineModule({
    name: 'ct-stream/served',
    description: 'findings for clients of the server',
    acknowledge: isManual,
    async onFindings(findings) {
      const fresh = findings.filter(({ id }) => !published.has(id) && !backlog.hasFinding(id))
      for (const entries of byLog(fresh)) {
        const page = await backlog.add(entries)
        // At once: if the next piece cannot be kept, all come again.
        published.add(entries)
        publish(page)
      }
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
    threads,
    drainTimeoutMs: DRAIN_TIMEOUT_MS,
    teardownTimeoutMs: TEARDOWN_TIMEOUT_MS,
  })
}

/** Ids of the newest findings that this run has published. */
class Published {
  private readonly ids = new Set<string>()

  has(id: string): boolean {
    return this.ids.has(id)
  }

  add(entries: readonly ServedEntry[]): void {
    const { ids } = this
    for (const { finding } of entries) if (finding !== undefined) ids.add(finding.id)
    for (const id of ids) {
      if (ids.size <= MOST_PUBLISHED) return
      ids.delete(id)
    }
  }
}

/** Splits a page into pieces of one log each, in order. */
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
