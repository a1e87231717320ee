// Makes objects that live for a while, as fast as it can, and says how large V8's space for young objects became, MB.
import { getHeapSpaceStatistics } from 'node:v8'
import { holdYoungSpace } from '../../../../src/cli/young-space.js'

holdYoungSpace([...process.execArgv, process.env.NODE_OPTIONS ?? ''])

const kept: object[] = []
let most = 0
for (let turn = 0; turn < 1200; turn++) {
  for (let i = 0; i < 2500; i++) kept[(i * 7 + turn) % 400_000] = { i, more: [i] }
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  most = Math.max(most, (space?.space_used_size ?? 0) + (space?.space_available_size ?? 0))
  await new Promise((resume) => setImmediate(resume))
}
process.stdout.write(String(Math.round(most / 2 ** 20)))
