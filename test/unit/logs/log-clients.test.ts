import { describeLogClient } from './contract.js'
import { type Served, StandInLog } from './stand-in-log.js'

for (const kind of ['rfc6962', 'static-ct', 'hybrid'] satisfies Served[])
  describeLogClient(`the client of a log: ${kind}`, () => StandInLog.start(kind, 0))
