// The command line over a stream that never ends: pages of two certificates, slowly or as fast as they are taken. What
// was acknowledged when it was closed goes into the file named by CT_ENDLESS_RESULT.
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatFlags, reportFlags } from '../../../../src/cli/flags/flags.js'
import { runProcess } from '../../../../src/cli/process.js'
import { type WatchedStream, watch } from '../../../../src/cli/watch.js'
import { certificate } from '../sample-certificate.js'

class Endless {
  private given = 0
  private acknowledged = 0
  private closed = false

  async *batches() {
    while (!this.closed) {
      this.acknowledge()
      await sleep(Number(process.env.CT_ENDLESS_PAUSE))
      if (this.closed) return
      this.given += 2
      yield [certificate({ index: this.given - 2 }), certificate({ index: this.given - 1 })]
    }
  }

  [Symbol.asyncIterator]() {
    throw new Error('not read that way')
  }

  acknowledge() {
    this.acknowledged = this.given
  }

  async close() {
    if (this.closed) return
    this.closed = true
    writeFileSync(process.env.CT_ENDLESS_RESULT ?? '', String(this.acknowledged))
  }

  on() {}
  status() {
    return { logs: [], entries: 0, entriesPerSecond: 0, bytes: 0, bufferedBytes: 0, gaps: 0 }
  }
}

await runProcess([
  {
    name: 'stream',
    summary: '',
    positionals: [],
    flags: [...formatFlags, ...reportFlags],
    run: (context) => watch({ context, open: async () => new Endless() as unknown as WatchedStream }),
  },
])
