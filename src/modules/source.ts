import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { CallFor } from '../types/handling-module.js'
import type { ParkReason } from '../types/queue.js'
import type { AcknowledgeOption } from '../types/stream-options.js'
import { optionError } from '../util/options.js'

/** A source whose positions can wait for modules: a `CtStream`, or anything of this shape. */
export interface AcknowledgedSource extends AsyncIterable<CtCertificate> {
  /** Certificates page by page, each of one log. */
  batches(): AsyncIterator<readonly CtCertificate[]>
  /** Called when everything of its log up to and including this certificate is finished. */
  acknowledge(certificate: CtCertificate): void
  /** When entries count as finished, as in the option `acknowledge`. */
  readonly acknowledgement: AcknowledgeOption
  /** Present if the source can set entries aside: work on which a module keeps failing goes there, and the run continues. */
  park?(certificate: CtCertificate, reason: ParkReason): Promise<void>
  /** How often a module is called for the same work before it is set aside; `undefined` for never. */
  readonly parkAfter?: number | undefined
  /** Stops reading, commits what is acknowledged, and releases everything. */
  close(): Promise<void>
}

/** The source of `runModules`: a `CtStream`, or any iterable of certificates, which is not acknowledged. */
export type ModuleSource = AcknowledgedSource | AsyncIterable<CtCertificate> | Iterable<CtCertificate>

/** Where entries go on which a module keeps failing. */
export interface Parking {
  /** How often the module is called for the same work first, at least 1. */
  readonly after: number
  park(certificate: CtCertificate, reason: ParkReason): Promise<void>
}

/** A source read in pages of one log each. */
export interface PagedSource {
  /** The next certificates; `undefined` at the end. */
  next(): Promise<readonly CtCertificate[] | undefined>
  readonly acknowledge: ((certificate: CtCertificate) => void) | undefined
  readonly parking: Parking | undefined
  /** Present if the source has to know for which module a handler is called. */
  readonly callFor: CallFor | undefined
  /** Releases the source. Nothing can be acknowledged afterwards. */
  close(): Promise<void>
}

/**
 * @param isWaitedFor - Whether acknowledgement waits for some module.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for a source that is no iterable, and for a stream whose positions cannot wait.
 */
export function pagedSource(source: ModuleSource, isWaitedFor: boolean): PagedSource {
  if (isAcknowledged(source)) {
    const isManual = source.acknowledgement === 'manual'
    if (isWaitedFor && !isManual)
      throw new CtStreamError(
        'CT_OPTION_INVALID',
        "a module with acknowledge: true needs a stream whose positions wait for it: ctStream({ acknowledge: 'manual', … })",
      )
    const pages = paged(
      () => source.batches(),
      isManual ? (certificate) => source.acknowledge(certificate) : undefined,
      () => source.close(),
    )
    return { ...pages, parking: parkingOf(source), callFor: callForOf(source) }
  }
  return { ...paged(() => singly(source), undefined, undefined), parking: undefined, callFor: undefined }
}

function parkingOf(source: AcknowledgedSource): Parking | undefined {
  const { parkAfter, park } = source
  if (parkAfter === undefined || park === undefined) return undefined
  return { after: parkAfter, park: (certificate, reason) => park.call(source, certificate, reason) }
}

function callForOf(source: AcknowledgedSource & { readonly callFor?: CallFor }): CallFor | undefined {
  return source.callFor?.bind(source) as CallFor | undefined
}

function paged(
  open: () => AsyncIterator<readonly CtCertificate[]>,
  acknowledge: PagedSource['acknowledge'],
  close: (() => Promise<void>) | undefined,
): Omit<PagedSource, 'parking' | 'callFor'> {
  let pages: AsyncIterator<readonly CtCertificate[]> | undefined
  let rest: readonly CtCertificate[] = []
  return {
    acknowledge,
    async next() {
      pages ??= open()
      while (rest.length === 0) {
        const { done, value } = await pages.next()
        if (done) return undefined
        rest = value
      }
      const [page, others] = ofOneLog(rest)
      rest = others
      return page
    },
    async close() {
      await (close === undefined ? pages?.return?.() : close())
    },
  }
}

/** Splits a page before the first certificate of another log. */
function ofOneLog(page: readonly CtCertificate[]): [readonly CtCertificate[], readonly CtCertificate[]] {
  const first = page[0] as CtCertificate
  const end = page.findIndex(({ log }) => log !== first.log && log.id !== first.log.id)
  return end < 0 ? [page, []] : [page.slice(0, end), page.slice(end)]
}

function singly(
  source: AsyncIterable<CtCertificate> | Iterable<CtCertificate>,
): AsyncIterator<readonly CtCertificate[]> {
  const certificates = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  return {
    async next() {
      const { done, value } = await certificates.next()
      return done ? { done: true, value: undefined } : { done: false, value: [value] }
    },
    async return() {
      await certificates.return?.()
      return { done: true, value: undefined }
    },
  }
}

function isAcknowledged(source: ModuleSource): source is AcknowledgedSource {
  if (typeof source !== 'object' || source === null || !(Symbol.asyncIterator in source || Symbol.iterator in source))
    throw optionError('source', 'a CtStream or an async iterable of certificates', source)
  const { batches, acknowledge, acknowledgement } = source as Partial<AcknowledgedSource>
  return typeof batches === 'function' && typeof acknowledge === 'function' && acknowledgement !== undefined
}
