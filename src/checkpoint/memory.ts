import { CtStreamError } from '../errors.js'
import type { CheckpointStore, Evidence, Gap, LogCheckpoint, StoredList } from '../types/checkpoint.js'
import type { LogInfo } from '../types/log.js'
import { copyBytes } from '../util/bytes.js'
import { rowToKeep } from './check.js'
import { KeptIssuers } from './kept-issuers.js'

/**
 * A store that lives as long as the object. Shares no memory with arguments and results.
 *
 * Keeps at most 8,192 issuers and 32 MiB of them, the most recently used.
 *
 * `close()` keeps the content, so a stream that opens it later resumes. All methods are synchronous.
 */
export class MemoryCheckpointStore implements CheckpointStore {
  private isOpen = false
  private readonly logs = new Map<string, LogCheckpoint>()
  private readonly gapList: Gap[] = []
  private readonly evidenceList: Evidence[] = []
  private readonly issuers = new KeptIssuers()
  private readonly lists = new Map<string, StoredList>()

  open(): void {
    if (this.isOpen)
      throw new CtStreamError('CT_CHECKPOINT_CONFLICT', 'a stream uses this memory checkpoint store already')
    this.isOpen = true
  }

  load(): readonly LogCheckpoint[] {
    this.requireOpen()
    return [...this.logs.values()].map(rowToKeep)
  }

  commit(checkpoints: readonly LogCheckpoint[]): void {
    this.requireOpen()
    // Checks and copies all rows before it stores the first.
    for (const row of checkpoints.map(rowToKeep)) this.logs.set(row.log.id, row)
  }

  addGap(gap: Gap): void {
    this.requireOpen()
    const isKnown = this.gapList.some((g) => g.log.id === gap.log.id && g.start === gap.start && g.end === gap.end)
    if (!isKnown) this.gapList.push(copyGap(gap))
  }

  gaps(): readonly Gap[] {
    this.requireOpen()
    return this.gapList.map(copyGap)
  }

  addEvidence(evidence: Evidence): void {
    this.requireOpen()
    this.evidenceList.push(copyEvidence(evidence))
  }

  evidence(): readonly Evidence[] {
    this.requireOpen()
    return this.evidenceList.map(copyEvidence)
  }

  issuer(fingerprint: string): Uint8Array | undefined {
    this.requireOpen()
    return this.issuers.get(fingerprint)
  }

  putIssuer(fingerprint: string, der: Uint8Array): void {
    this.requireOpen()
    this.issuers.put(fingerprint, der)
  }

  list(url: string): StoredList | undefined {
    this.requireOpen()
    const list = this.lists.get(url)
    return list && copyList(list)
  }

  putList(list: StoredList): void {
    this.requireOpen()
    this.lists.set(list.url, copyList(list))
  }

  close(): void {
    this.isOpen = false
  }

  private requireOpen(): void {
    if (!this.isOpen) throw new CtStreamError('CT_CLOSED', 'the memory checkpoint store is not open')
  }
}

function copyLog({ id, description, operator, kind, url }: LogInfo): LogInfo {
  return { id, description, operator, kind, url }
}

function copyGap({ log, start, end, reason, recordedAt, delivered }: Gap): Gap {
  return { log: copyLog(log), start, end, reason, recordedAt, ...(delivered !== undefined && { delivered }) }
}

function copyEvidence({ log, code, message, detail, recordedAt }: Evidence): Evidence {
  return { log: copyLog(log), code, message, detail: copyJson(detail), recordedAt }
}

function copyList({ url, body, etag, lastModified, fetchedAt }: StoredList): StoredList {
  return { url, body: copyBytes(body), etag, lastModified, fetchedAt }
}

/** Copies through JSON, as stores on disk do, so that a value that works here works there. */
function copyJson(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value))
}
