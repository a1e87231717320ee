import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { createTestLog, issueCertificates } from '../../src/testing/index.js'

const PROGRAM = join(import.meta.dirname, 'programs', 'command-without-files.mjs')

it.skipIf(process.platform === 'win32')(
  'the output `command` tries again when no file descriptor is free, and the process lives on',
  async () => {
    await using log = await createTestLog({ entries: issueCertificates(1) })
    const script = 'ulimit -n 256; exec "$0" "$@"'
    const args = ['-c', script, process.execPath, PROGRAM, JSON.stringify(log.spec)]
    const { stdout } = await promisify(execFile)('sh', args)
    expect(JSON.parse(stdout)).toEqual({
      warnings: [expect.stringMatching(/command true cannot be run: spawn true EMFILE/)],
      findings: 1,
      retries: 1,
    })
  },
)
