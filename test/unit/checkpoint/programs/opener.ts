// Opens a checkpoint file, says what came of it in one line of JSON, and holds it until it is killed.
import { SqliteCheckpointStore } from '../../../../src/checkpoint/sqlite.js'

const [path = '', mode] = process.argv.slice(2)
const store = new SqliteCheckpointStore(path, { readOnly: mode === 'read' })
try {
  await store.open()
  console.log(JSON.stringify({ opened: store.load().length }))
  setInterval(() => store.issuer(''), 1000) // a store nobody refers to is collected, and its lock with it
} catch (error) {
  console.log(JSON.stringify(error))
}
