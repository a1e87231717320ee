import { bufferOf, plain } from '../util/bytes.js'
import { KEPT_ISSUERS } from './kept-issuers.js'
import type { SqliteDatabase } from './sqlite-driver.js'

/** Most issuers to delete at once: a file of an earlier version may hold a million, and deleting blocks the event loop. */
const LEAVING = 256

interface Sized {
  readonly rowid: number
  readonly bytes: number
}

/**
 * The issuers of a checkpoint file, within {@link KEPT_ISSUERS}, in the order of their rowids, least recently used first. Uses are written
 * only when issuers have to be deleted, so that reading does not write.
 */
export class SqliteIssuers {
  private readonly statements: ReturnType<typeof prepare>
  /** Issuers used since the last deletion, in that order. */
  private readonly used = new Set<string>()
  /** Number and size of the rows; `undefined` until they are counted. */
  private held: { count: number; bytes: number } | undefined

  constructor(db: SqliteDatabase) {
    this.statements = prepare(db)
  }

  get(fingerprint: string): Uint8Array | undefined {
    const row = this.statements.get.get(fingerprint)
    if (row === undefined) return undefined
    this.used.delete(fingerprint)
    this.used.add(fingerprint)
    return plain(row.der)
  }

  /** In a transaction; see {@link failed}. */
  put(fingerprint: string, der: Uint8Array): void {
    if (der.length > KEPT_ISSUERS.bytes) return
    const held = (this.held ??= this.statements.count.get() ?? { count: 0, bytes: 0 })
    const before = this.statements.size.get(fingerprint)
    this.statements.put.run(fingerprint, bufferOf(der))
    held.count += before === undefined ? 1 : 0
    held.bytes += der.length - (before?.bytes ?? 0)
    if (held.count > KEPT_ISSUERS.count || held.bytes > KEPT_ISSUERS.bytes) this.makeRoom(held, fingerprint)
  }

  /** The transaction was rolled back: the rows are counted again. */
  failed(): void {
    this.held = undefined
  }

  private makeRoom(held: { count: number; bytes: number }, latest: string): void {
    for (const fingerprint of [...this.used, latest]) this.statements.touch.run(fingerprint)
    this.used.clear()
    let last: number | undefined
    for (const { rowid, bytes } of this.statements.oldest.all(LEAVING)) {
      if (held.count <= KEPT_ISSUERS.count && held.bytes <= KEPT_ISSUERS.bytes) break
      held.count--
      held.bytes -= bytes
      last = rowid
    }
    if (last !== undefined) this.statements.leave.run(last)
  }
}

function prepare(db: SqliteDatabase) {
  return {
    get: db.prepare<[string], { readonly der: Buffer }>('SELECT der FROM issuer WHERE fingerprint = ?'),
    size: db.prepare<[string], Sized>('SELECT rowid, length(der) AS bytes FROM issuer WHERE fingerprint = ?'),
    count: db.prepare<[], { count: number; bytes: number }>(
      'SELECT count(*) AS count, ifnull(sum(length(der)), 0) AS bytes FROM issuer',
    ),
    // A new row comes last.
    put: db.prepare<[string, Buffer]>('INSERT OR REPLACE INTO issuer VALUES (?, ?)'),
    touch: db.prepare<[string]>('UPDATE issuer SET rowid = (SELECT max(rowid) + 1 FROM issuer) WHERE fingerprint = ?'),
    oldest: db.prepare<[number], Sized>('SELECT rowid, length(der) AS bytes FROM issuer ORDER BY rowid LIMIT ?'),
    leave: db.prepare<[number]>('DELETE FROM issuer WHERE rowid <= ?'),
  }
}
