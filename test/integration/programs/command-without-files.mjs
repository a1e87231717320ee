// Reports a certificate to the output `command` when no file descriptor is free, and frees them when it has said so.
import { closeSync, openSync } from 'node:fs'
import { ctStream } from '../../../dist/index.js'
import { defineModule, runModules } from '../../../dist/modules.js'
import { command } from '../../../dist/outputs/command.js'

const spec = JSON.parse(process.argv[2])
const certificates = []
const stream = ctStream({ logs: [spec], start: 'beginning', end: 'head', checkpoint: false })
for await (const certificate of stream) certificates.push(certificate)

const taken = []
const reporter = defineModule({
  name: 'reporter',
  onCertificate(_, { emit }) {
    try {
      for (;;) taken.push(openSync('/dev/null', 'r'))
    } catch {
      // None is left.
    }
    emit({ kind: 'seen', reason: 'it is there' })
  },
})
const warnings = []
const warn = (text) => {
  warnings.push(text)
  for (const file of taken.splice(0)) closeSync(file)
}
const logger = { debug() {}, info() {}, warn, error() {} }
const run = runModules(certificates, [reporter, command.with({ command: 'true' })], { logger })
await run.done
const { findings, retries } = run.status().modules[1]
console.log(JSON.stringify({ warnings, findings, retries }))
