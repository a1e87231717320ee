// Commits positions of three logs for ever, one number in all of them, and says each number when it is committed.
import { writeSync } from 'node:fs'
import { SqliteCheckpointStore } from '../../../../src/checkpoint/sqlite.js'
import { checkpoint } from '../samples.js'

const store = new SqliteCheckpointStore(process.argv[2] ?? '')
await store.open()
const [first] = store.load()
for (let position = (first?.position ?? 0) + 1; ; position++) {
  store.commit([1, 2, 3].map((n) => checkpoint(n, position)))
  say(`${position}\n`)
}

function say(text: string): void {
  for (;;) {
    try {
      writeSync(1, text)
      return
    } catch (error) {
      // The pipe is full: who reads it has not come to it.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
    }
  }
}
