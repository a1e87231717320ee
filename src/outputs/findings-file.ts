import { realpathSync } from 'node:fs'
import { type FileIdentity, identityOf } from '../checkpoint/file-identity.js'
import type { SqliteDatabase } from '../checkpoint/sqlite-driver.js'
import type { Logger } from '../types/clock.js'
import type { Finding } from '../types/finding.js'
import { harmlessJson } from '../util/harmless.js'
import { messageOf } from '../util/message-of.js'
import { reversedName } from '../util/reversed-name.js'
import { openFindings } from './findings-database.js'
import { fileFailed } from './output-error.js'

/** A database that is open, and what is at its path as long as it was not deleted, moved or replaced. */
interface Opened {
  readonly db: SqliteDatabase
  readonly addAll: (findings: readonly Finding[]) => void
  readonly file: FileIdentity | undefined
  /** Known from the first write on: the write-ahead log exists by then. */
  wal: FileIdentity | undefined
}

/**
 * The database of findings at a path. When `write` resolves, its findings are in the file that has this name: SQLite itself would go on writing
 * into one that was deleted.
 */
export class FindingsFile {
  private readonly path: string
  private readonly log: Logger
  private opened: Opened | undefined
  /** While it is opened: calls that overlap share it. */
  private opening: Promise<void> | undefined

  constructor(path: string, log: Logger) {
    this.path = path
    this.log = log
  }

  /** @throws {@link CtStreamError} as {@link openFindings} does. */
  async open(): Promise<void> {
    this.opening ??= this.openNow().finally(() => {
      this.opening = undefined
    })
    await this.opening
  }

  /** Adds findings in one transaction. @throws {@link CtStreamError} `CT_OUTPUT_FAILED` */
  async write(findings: readonly Finding[]): Promise<void> {
    if (this.opened !== undefined && !isIntact(this.path, this.opened)) {
      this.log.warn(`${this.path} was deleted, moved or replaced: findings go to the file of this name from now on`)
      this.leave(this.opened.db)
    }
    if (this.opened === undefined) await this.open()
    const opened = this.opened as Opened | undefined as Opened
    try {
      opened.addAll(findings)
      opened.wal ??= identityAt(walOf(this.path))
      // Deleted between the look and the commit: the next attempt writes them again.
      if (!isIntact(this.path, opened)) throw new Error('it was deleted, moved or replaced meanwhile')
    } catch (error) {
      throw fileFailed(this.path, 'written', error)
    }
  }

  /** Idempotent. */
  close(): void {
    this.opened?.db.close()
    this.opened = undefined
  }

  /** Closes a file that has lost its name. */
  private leave(db: SqliteDatabase): void {
    try {
      // SQLite would leave what is in the log there: to be lost where the file was moved, and to be read as part of the file that comes instead.
      db.pragma('wal_checkpoint(TRUNCATE)')
    } catch (error) {
      this.log.warn(`${this.path}: what was written last is not in the file that was there: ${messageOf(error)}`)
    }
    this.close()
  }

  private async openNow(): Promise<void> {
    if (this.opened !== undefined) return
    const before = identityAt(this.path)
    const db = await openFindings(this.path)
    // Of a file that was replaced while it was opened, the identity before: the next look opens again.
    this.opened = { db, addAll: adder(db), file: before ?? identityAt(this.path), wal: undefined }
  }
}

function isIntact(path: string, { file, wal }: Opened): boolean {
  return identityAt(path) === file && (wal === undefined || identityAt(walOf(path)) === wal)
}

/** What is there, behind symbolic links as SQLite follows them; `undefined` when there is no file. */
function identityAt(path: string): FileIdentity | undefined {
  const real = realPath(path)
  return real && identityOf(real)
}

/** The write-ahead log is beside the file, not beside a link to it. */
const walOf = (path: string): string => `${realPath(path) ?? path}-wal`

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

function adder(db: SqliteDatabase): (findings: readonly Finding[]) => void {
  const addFinding = db.prepare(
    'INSERT INTO findings VALUES (@id, @module, @kind, @severity, @score, @time, @json) ON CONFLICT DO NOTHING',
  )
  const addName = db.prepare('INSERT INTO names VALUES (?, ?) ON CONFLICT DO NOTHING')
  return db.transaction((findings: readonly Finding[]) => {
    for (const finding of findings) {
      const { id, module, kind, severity, score, firstSeen, certificate } = finding
      const time = Date.parse(firstSeen)
      const { changes } = addFinding.run({ id, module, kind, severity, score, time, json: harmlessJson(finding) })
      if (changes === 0) continue
      for (const name of certificate.dnsNames) addName.run(reversedName(name), id)
    }
  })
}
