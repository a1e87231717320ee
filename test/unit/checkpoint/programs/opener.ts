// Opens a checkpoint file, says what came of it in one line of JSON, and holds it until it is killed; as another user, if one is
// named.
import { SqliteCheckpointStore } from '../../../../src/checkpoint/sqlite.js'
import { loadSqlite } from '../../../../src/checkpoint/sqlite-driver.js'

const [path = '', mode, user] = process.argv.slice(2)
if (user !== undefined) {
  await loadSqlite()
  process.setgroups?.([])
  process.setgid?.(Number(user))
  process.setuid?.(Number(user))
}
const store = new SqliteCheckpointStore(path, { readOnly: mode === 'read' })
try {
  await store.open()
  console.log(JSON.stringify({ opened: store.load().length }))
  setInterval(() => store.issuer(''), 1000) // a store nobody refers to is collected, and its lock with it
} catch (error) {
  console.log(JSON.stringify(error))
}
