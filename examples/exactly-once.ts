// Stores each certificate exactly once: its row and the cursor after it are written in one transaction, so that either
// both are there after a crash or neither, and the next run continues after the last stored certificate.
import Database from 'better-sqlite3'
import { type CtStreamOptions, ctStream } from 'ct-stream'

export async function store(file: string, options: CtStreamOptions = {}): Promise<number> {
  const db = new Database(file)
  db.pragma('journal_mode = WAL')
  db.exec(`
    CREATE TABLE IF NOT EXISTS certificate (sha256 TEXT, log TEXT, position INTEGER, names TEXT, PRIMARY KEY (log, position));
    CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY CHECK (id = 1), cursor TEXT);`)
  const saved = db.prepare<[], { cursor: string }>('SELECT cursor FROM state').get()
  // A run with `end: { time }` stores what comes before that time also behind a later entry, where the next one goes on: it is there already.
  const insert = db.prepare('INSERT OR IGNORE INTO certificate VALUES (?, ?, ?, ?)')
  const remember = db.prepare('INSERT OR REPLACE INTO state VALUES (1, ?)')

  let stored = 0
  // The cursor is the only position: no checkpoint file beside it.
  for await (const certificates of ctStream({ ...options, checkpoint: false, resume: saved?.cursor }).batches()) {
    db.transaction(() => {
      for (const cert of certificates)
        stored += insert.run(cert.sha256, cert.log.id, cert.index, cert.dnsNames.join(' ')).changes
      remember.run(certificates.at(-1)?.cursor)
    })()
  }
  db.close()
  return stored
}

if (import.meta.filename === process.argv[1]) console.log(await store('certificates.db'))
