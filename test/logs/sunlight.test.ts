import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, inject, it } from 'vitest'
import { CLI, CONTACT } from './library.js'
import { scenarios } from './scenarios.js'
import { SunlightLog } from './servers/sunlight.js'

const run = promisify(execFile)
const { sunlight, submit, missing } = inject('builds')

describe.skipIf(sunlight === undefined)(
  `Sunlight with Skylight${missing.sunlight ? ` (${missing.sunlight})` : ''}`,
  () => {
    scenarios(
      () => SunlightLog.open(sunlight!, submit!),
      (log) => {
        it('over TLS of an authority that NODE_EXTRA_CA_CERTS names', async () => {
          const { tlsSpec, submitter } = log() as SunlightLog
          const args = [
            `--log=${tlsSpec.monitoringUrl}`,
            `--submission-url=${tlsSpec.submissionUrl}`,
            `--key=${tlsSpec.key}`,
            `--contact=${CONTACT}`,
            '--no-checkpoint',
            '--start=beginning',
            '--end=head',
            '--format=json',
          ]
          const env = { ...process.env, NODE_EXTRA_CA_CERTS: join(submitter.pki, 'root.pem') }
          const { stdout } = await run(process.execPath, [CLI, ...args], { env, maxBuffer: 1 << 28 })
          const found = stdout
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line).sha256)
          expect(found).toEqual(submitter.truth().map(({ sha256 }) => sha256))
        })
      },
    )
  },
)
