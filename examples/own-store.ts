// A checkpoint store of one's own: positions and all that goes with them in one JSON file. Whatever you keep them in, these are
// the things to get right: one stream at a time, all rows of a commit or none, durable when `commit` returns.
// A test runs the contract of `ct-stream/testing` over it; do the same with yours.
import { open, readFile, rename, rm } from 'node:fs/promises'
import {
  type CheckpointJson,
  type CheckpointStore,
  CtStreamError,
  checkpointFromJSON,
  checkpointToJSON,
  ctStream,
  type Evidence,
  type Gap,
  type LogCheckpoint,
  type StoredList,
} from 'ct-stream'

interface Content {
  readonly rows: Readonly<Record<string, CheckpointJson>>
  readonly gaps: readonly Gap[]
  readonly evidence: readonly Evidence[]
  /** Base64, as every byte string here: JSON has none. */
  readonly issuers: Readonly<Record<string, string>>
  readonly lists: Readonly<Record<string, Omit<StoredList, 'body'> & { readonly body: string }>>
}

/** Hostile logs name any number of issuers, and one that is gone is fetched again: those put last are kept. */
const MOST_ISSUERS = 1000

const EMPTY: Content = { rows: {}, gaps: [], evidence: [], issuers: {}, lists: {} }

export class JsonFileStore implements CheckpointStore {
  private readonly path: string
  private content: Content | undefined

  constructor(path: string) {
    this.path = path
  }

  async open(): Promise<void> {
    // A lock that outlives a crash, and has to be removed by hand then. A database has better ones: pg_try_advisory_lock.
    const lock = await open(`${this.path}.lock`, 'wx').catch((cause) => {
      throw new CtStreamError('CT_CHECKPOINT_CONFLICT', `${this.path} is in use: ${cause.message}`, { cause })
    })
    await lock.close()
    try {
      this.content = JSON.parse(await readFile(this.path, 'utf8'))
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
        this.content = EMPTY
        return
      }
      await rm(`${this.path}.lock`)
      throw new CtStreamError('CT_CHECKPOINT_UNUSABLE', `${this.path} cannot be read`, { cause })
    }
  }

  async load(): Promise<LogCheckpoint[]> {
    return Object.values(this.opened().rows).map(checkpointFromJSON)
  }

  async commit(checkpoints: readonly LogCheckpoint[]): Promise<void> {
    const rows = { ...this.opened().rows }
    for (const row of checkpoints) rows[row.log.id] = checkpointToJSON(row)
    await this.save({ rows })
  }

  async addGap(gap: Gap): Promise<void> {
    const { gaps } = this.opened()
    const isKnown = gaps.some((g) => g.log.id === gap.log.id && g.start === gap.start && g.end === gap.end)
    if (!isKnown) await this.save({ gaps: [...gaps, structuredClone(gap)] })
  }

  async gaps(): Promise<readonly Gap[]> {
    return structuredClone(this.opened().gaps)
  }

  async addEvidence(evidence: Evidence): Promise<void> {
    await this.save({ evidence: [...this.opened().evidence, structuredClone(evidence)] })
  }

  async evidence(): Promise<readonly Evidence[]> {
    return structuredClone(this.opened().evidence)
  }

  async issuer(fingerprint: string): Promise<Uint8Array | undefined> {
    const der = this.opened().issuers[fingerprint]
    return der === undefined ? undefined : Buffer.from(der, 'base64')
  }

  async putIssuer(fingerprint: string, der: Uint8Array): Promise<void> {
    const { [fingerprint]: _, ...others } = this.opened().issuers
    const kept = Object.fromEntries(Object.entries(others).slice(1 - MOST_ISSUERS))
    await this.save({ issuers: { ...kept, [fingerprint]: Buffer.from(der).toString('base64') } })
  }

  async list(url: string): Promise<StoredList | undefined> {
    const list = this.opened().lists[url]
    return list && { ...list, body: Buffer.from(list.body, 'base64') }
  }

  async putList(list: StoredList): Promise<void> {
    const body = Buffer.from(list.body).toString('base64')
    await this.save({ lists: { ...this.opened().lists, [list.url]: { ...list, body } } })
  }

  async close(): Promise<void> {
    if (this.content === undefined) return
    this.content = undefined
    await rm(`${this.path}.lock`)
  }

  private opened(): Content {
    if (this.content === undefined) throw new CtStreamError('CT_CLOSED', `${this.path} is not open`)
    return this.content
  }

  /** Another file that takes the place of the old one: all of it or nothing, and on the disk before anybody relies on it. */
  private async save(change: Partial<Content>): Promise<void> {
    const content = { ...this.opened(), ...change }
    try {
      const file = await open(`${this.path}.new`, 'w', 0o600)
      try {
        await file.writeFile(JSON.stringify(content))
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(`${this.path}.new`, this.path)
    } catch (cause) {
      // `retryable`: the stream tries again, for five minutes, instead of ending.
      const retryable = ['ENOSPC', 'EIO', 'EMFILE'].includes((cause as NodeJS.ErrnoException).code ?? '')
      throw new CtStreamError('CT_CHECKPOINT_UNUSABLE', `${this.path} cannot be written`, { cause, retryable })
    }
    this.content = content
  }
}

if (import.meta.filename === process.argv[1])
  for await (const cert of ctStream({ checkpoint: new JsonFileStore('positions.json') })) console.log(cert.dnsNames)
