import type { Flag } from './flags.js'

/** An engine that entries go to instead of stdout. */
export const sinkFlag: Flag = {
  name: 'sink',
  type: 'text',
  value: 'URL',
  help: 'write to an engine instead of stdout: postgres://HOST/DATABASE; kafka, redis, nats, mongodb, amqp or opensearch://HOST. All but the last two keep the positions, too (not --checkpoint)',
  group: 'Output:',
  conflicts: ['source', 'module', 'format', 'template', 'limit'],
}
