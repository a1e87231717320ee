import type { Logger } from '../../types/clock.js'
import { askedStream } from '../asked-stream.js'
import type { Command } from '../command.js'
import { DEFAULT_END_PATIENCE_MS, formatFlags, reportFlags, streamFlags } from '../flags/flags.js'
import { metricsFlags } from '../flags/metrics-flags.js'
import { moduleFlag, moduleThreadsFlag } from '../flags/module-flag.js'
import { sinkFlag } from '../flags/sink-flag.js'
import { sourceFlag } from '../flags/source-flag.js'
import { showStream } from '../show-stream.js'
import { throughModules } from '../through-modules.js'

/** `ct-stream`: certificates to stdout as the logs publish them. */
export const stream: Command = {
  name: 'stream',
  summary: 'Certificates from Certificate Transparency logs, verified, as they are published.',
  positionals: [],
  flags: [
    ...streamFlags,
    sourceFlag,
    moduleFlag,
    moduleThreadsFlag,
    sinkFlag,
    ...formatFlags,
    ...metricsFlags,
    ...reportFlags,
  ],
  examples: [
    ['ct-stream', 'all public logs from now on: text on a terminal, JSON lines in a pipe'],
    ['ct-stream --domain example.com --dedupe issuance', 'what is issued for a domain and all below, once each'],
    ['ct-stream --operator google --start 2h --end head', 'the last two hours of one operator, then end'],
    [
      'ct-stream --module ./watch.js --module \'sqlite:{"file":"f.db"}\'',
      'findings of modules, to stdout and a database',
    ],
    ['ct-stream --source wss://certstream.example/full-stream', 'what a CertStream server sends, instead of the logs'],
    ['ct-stream --sink postgres://localhost/ct', 'certificates, names and positions in a Postgres database'],
    ['ct-stream --sink kafka://localhost:9092/ct', 'messages and positions in Kafka, topic ct.entries'],
    ["ct-stream --template '{timestamp} {dnsNames}' | head", 'lines of your own; a closed pipe ends it'],
  ],
  whenStopped: 'done',
  async run(context) {
    if (context.values.has('source')) return (await import('../from-server.js')).fromServer(context)
    if (context.values.has('sink')) return (await import('../to-sink.js')).toSink(context)
    const request = await askedStream(context)
    const consume = await throughModules(context)
    const open = async (logger: Logger) => {
      const { ctStream } = await import('../../stream/ct-stream.js')
      return ctStream({ ...request, ...(consume !== undefined && { acknowledge: 'manual' }), logger })
    }
    const { end, endPatienceMs = DEFAULT_END_PATIENCE_MS } = request
    await showStream({ context, open, consume, end, endPatienceMs })
  },
}
