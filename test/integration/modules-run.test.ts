import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { createTestLog, issueCertificates } from '../../src/testing/index.js'

const root = join(import.meta.dirname, '..', '..')
const MIB = 1024 * 1024

interface Result {
  readonly received: number
  readonly misplaced: number
  readonly unacknowledged: number
  /** Bytes, after each eighth of the entries. */
  readonly held: readonly number[]
  readonly modules: readonly { readonly name: string; readonly skipped: number; readonly certificates: number }[]
}

// A minute at full speed is test/bench/modules.mjs.
it('a sink gets everything beside modules that hang and throw, and memory stays in the bounds of their queues', async () => {
  const entries = 20_000
  await using log = await createTestLog({ entries: issueCertificates(entries, { sign: false }) })
  const read = async (bad: boolean): Promise<Result> => {
    const config = { dist: join(root, 'dist'), spec: log.spec, entries, seconds: 600, bad }
    const program = join(root, 'test', 'bench', 'programs', 'modules.mjs')
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, JSON.stringify(config)], {
      maxBuffer: MIB,
    })
    return JSON.parse(stdout)
  }
  const [alone, beside] = [await read(false), await read(true)]
  for (const { received, misplaced, unacknowledged } of [alone, beside])
    expect({ received, misplaced, unacknowledged }).toEqual({ received: entries, misplaced: 0, unacknowledged: 0 })
  expect(beside.modules).toMatchObject([
    { name: 'hangs', certificates: 0 },
    { name: 'hangs-for-good', certificates: 0 },
    { name: 'throws', certificates: 0, skipped: entries },
    { name: 'sink', certificates: entries },
  ])
  // Two queues of 16 MiB, by estimate, and as much again for what the estimate leaves out …
  const most = ({ held }: Result) => Math.max(...held)
  expect(most(beside) - most(alone)).toBeLessThan(64 * MIB)
  // … which are full after 10,000 entries, and nothing is added.
  expect((beside.held[7] ?? 0) - (beside.held[4] ?? 0)).toBeLessThan(6 * MIB)
})
