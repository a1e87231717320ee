// Commits positions of three logs for ever, one number in all of them, and says each number when it is committed.
import { writeSync } from 'node:fs'
import { SqliteCheckpointStore } from '../../../../src/checkpoint/sqlite.js'
import { checkpoint } from '../samples.js'

const store = new SqliteCheckpointStore(process.argv[2] ?? '')
await store.open()
const [first] = store.load()
for (let position = (first?.position ?? 0) + 1; ; position++) {
  store.commit([1, 2, 3].map((n) => checkpoint(n, position)))
  writeSync(1, `${position}\n`)
}
