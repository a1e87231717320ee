// The command line over a stream that never ends: pages of two certificates, slowly or as fast as they are taken. What
// was acknowledged when it was closed goes into the file named by CT_ENDLESS_RESULT.
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from '../../../../src/cli/command.js'
import { decodeCommand } from '../../../../src/cli/commands/decode.js'
import { formatFlags, reportFlags } from '../../../../src/cli/flags/flags.js'
import { runProcess } from '../../../../src/cli/process.js'
import { type ShownStream, showStream } from '../../../../src/cli/show-stream.js'
import { certificate } from '../sample-certificate.js'

class Endless {
  private given = 0
  private acknowledged = 0
  private closed = false
  private closing: Promise<void> | undefined

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

  close(): Promise<void> {
    this.closing ??= this.end()
    return this.closing
  }

  private async end() {
    this.closed = true
    writeFileSync(process.env.CT_ENDLESS_RESULT ?? '', String(this.acknowledged))
    // For longer than anybody waits.
    if (process.env.CT_ENDLESS_CLOSES === 'false') await sleep(2 ** 30)
  }

  on() {}
  status() {
    return { logs: [], entries: 0, entriesPerSecond: 0, bytes: 0, bufferedBytes: 0, gaps: 0 }
  }
}

const stream: Command = {
  name: 'stream',
  summary: '',
  positionals: [],
  flags: [...formatFlags, ...reportFlags],
  whenStopped: 'done',
  run: (context) => showStream({ context, open: async () => new Endless() as unknown as ShownStream }),
}

/** It has an end, and takes longer to stop than anybody waits. */
const slow: Command = {
  name: 'slow',
  summary: '',
  positionals: [],
  flags: [],
  whenStopped: 'interrupted',
  async run({ io }) {
    io.stdout.write('begun\n')
    await sleep(2 ** 30)
  },
}

const decode = decodeCommand(async () => {
  throw new Error('nothing is decoded')
})

await runProcess([stream, slow, decode])
