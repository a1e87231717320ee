// Reports each certificate of a log, found in a thread or without one, to a database and a receiver, and writes all certificates to a file; is killed at any moment.
import { ctStream } from '../../../dist/index.js'
import { watchlist } from '../../../dist/modules/watchlist.js'
import { defineModule, runModules } from '../../../dist/modules.js'
import { jsonl } from '../../../dist/outputs/jsonl.js'
import { sqlite } from '../../../dist/outputs/sqlite.js'
import { webhook } from '../../../dist/outputs/webhook.js'

const { spec, checkpoint, database, certificates, url, threads } = JSON.parse(process.argv[2])
const reporter = defineModule({
  name: 'reporter',
  onFinding({ certificate: { index } }, { emit }) {
    emit({ kind: 'seen', subject: `entry ${index}`, reason: 'it is there' })
  },
})
const stream = ctStream({
  logs: [spec],
  start: 'beginning',
  end: 'head',
  checkpoint,
  acknowledge: 'manual',
  commit: { everyMs: 10, everyEntries: 64 },
  pollIntervalMs: 10,
  partialTileDelayMs: 0,
})
const modules = [
  // Every certificate has a name with a full stop.
  watchlist.with({ patterns: ['[.]'] }),
  reporter,
  sqlite.with({ file: database }),
  webhook.with({ url, maxBatch: 10 }),
  jsonl.with({ file: certificates, what: 'certificates' }),
]
await runModules(stream, modules, { threads }).done
