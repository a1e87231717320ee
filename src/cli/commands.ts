import type { Command } from './command.js'
import { backfill } from './commands/backfill.js'
import { completionCommand } from './commands/completion.js'
import { configCommand } from './commands/config.js'
import { decodeCommand } from './commands/decode.js'
import { demoCommand } from './commands/demo.js'
import { evidence } from './commands/evidence.js'
import { gaps } from './commands/gaps.js'
import { get } from './commands/get.js'
import { logs } from './commands/logs.js'
import { manualCommand } from './commands/manual.js'
import { modules } from './commands/modules.js'
import { parked } from './commands/parked.js'
import { prune } from './commands/prune.js'
import { run } from './commands/run.js'
import { search } from './commands/search.js'
import { serve } from './commands/serve.js'
import { stats } from './commands/stats.js'
import { status } from './commands/status.js'
import { stream } from './commands/stream.js'
import { top } from './commands/top.js'
import { verifyEvidenceCommand } from './commands/verify-evidence.js'
import { watchCommand } from './commands/watch.js'

const decode = decodeCommand(() => import('./decode-kit.js'))

const demo = demoCommand(async () => {
  const [{ createTestLog, issueCertificates }, { ctStream }] = await Promise.all([
    import('../testing/index.js'),
    import('../stream/ct-stream.js'),
  ])
  return { createTestLog, issueCertificates, ctStream }
})

/**
 * All commands in the order of the help, each a file below `commands/`; the first is run when none is named. A command
 * that needs a part of the library loads it when it is run.
 */
export const commands: readonly Command[] = [
  stream,
  watchCommand,
  serve,
  run,
  backfill,
  stats,
  top,
  logs,
  status,
  gaps,
  evidence,
  verifyEvidenceCommand,
  get,
  decode,
  search,
  parked,
  prune,
  demo,
  modules,
  configCommand(() => commands),
  completionCommand(() => commands),
  manualCommand(() => commands),
]
