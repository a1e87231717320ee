import type { CtCertificate } from '../types/certificate.js'
import type { Clock } from '../types/clock.js'
import type { Backlog } from './backlog.js'
import { IssuerPool } from './issuer.js'
import { IssuerPatience } from './issuer-patience.js'
import type { ServerSource } from './options.js'
import type { Pause } from './pause.js'
import { type ServedEntry, servedEntry } from './served-entry.js'
import type { ServedPage } from './served-page.js'

/** Most entries of a page, which is written to a client, or read from the file, as a whole. */
const MAX_ENTRIES = 128

export interface SourceReaderOptions {
  readonly source: ServerSource
  readonly backlog: Backlog
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly pause?: Pick<Pause, 'over'>
  /** Called with each page once it is kept. */
  readonly publish: (page: ServedPage) => void
}

/**
 * Reads the source until it ends or is closed. Each page is kept, then sent, then acknowledged, in this order: an id that a client has seen
 * must mean the same entry after a crash, and an acknowledged entry is never read again.
 *
 * @throws What the source throws; {@link CtStreamError} `CT_CACHE_UNUSABLE`.
 */
export async function readSource(options: SourceReaderOptions): Promise<void> {
  const { source } = options
  for await (const batch of servedBatches(options))
    if (source.acknowledgement === 'manual')
      for (const certificate of lastOfLogs(batch)) source.acknowledge?.(certificate)
}

/**
 * Like {@link readSource}, for a source with manual acknowledgement: acknowledges each batch once it is kept and sent, also by an earlier
 * run.
 */
export async function* servedBatches({
  source,
  backlog,
  clock,
  signal,
  pause,
  publish,
}: SourceReaderOptions): AsyncGenerator<readonly CtCertificate[]> {
  const patience = new IssuerPatience(clock, signal)
  const issuers = new IssuerPool()
  for await (const batch of source.batches?.() ?? singly(source)) {
    await pause?.over(signal)
    for (const run of runsOf(batch)) {
      const fresh = run.filter(({ log, index }) => !backlog.has(log.id, index))
      if (fresh.length === 0) continue
      const entries = await withIssuers(fresh, patience, issuers)
      // Closed before its issuers arrived: it is read again after the restart.
      if (signal.aborted) return
      publish(await backlog.add(entries))
    }
    yield batch
    if (signal.aborted) return
  }
}

async function withIssuers(
  certificates: readonly CtCertificate[],
  patience: IssuerPatience,
  issuers: IssuerPool,
): Promise<ServedEntry[]> {
  const chains = await patience.chainsOf(certificates)
  return certificates.map((certificate, i) => servedEntry(certificate, chains[i], (der) => issuers.of(der)))
}

/** Splits a batch into pieces of one log and at most `maxEntries`. */
function* runsOf(batch: readonly CtCertificate[]): Generator<readonly CtCertificate[]> {
  for (let start = 0, i = 1; start < batch.length; i++) {
    if (i < batch.length && i - start < MAX_ENTRIES && batch[i]?.log.id === batch[start]?.log.id) continue
    yield batch.slice(start, i)
    start = i
  }
}

function lastOfLogs(batch: readonly CtCertificate[]): Iterable<CtCertificate> {
  return new Map(batch.map((certificate) => [certificate.log.id, certificate])).values()
}

async function* singly(source: AsyncIterable<CtCertificate>): AsyncGenerator<readonly CtCertificate[]> {
  for await (const certificate of source) yield [certificate]
}
