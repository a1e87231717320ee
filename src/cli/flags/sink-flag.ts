import type { Flag } from './flags.js'

/** An engine that entries go to instead of stdout. */
export const sinkFlag: Flag = {
  name: 'sink',
  type: 'text',
  value: 'URL',
  help: 'write to an engine instead of stdout, such as postgres://HOST/DATABASE or kafka://HOST:9092/PREFIX, which keeps the positions too (not --checkpoint)',
  group: 'Output:',
  conflicts: ['source', 'module', 'format', 'template', 'limit'],
}
