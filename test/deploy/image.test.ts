import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { folder, has, run } from './tools.js'

const place = mkdtempSync(join(tmpdir(), 'ct-stream-image-'))
const env = { BUILDAH_ISOLATION: 'chroot', STORAGE_DRIVER: 'vfs', CONTAINERS_STORAGE_CONF: join(place, 'storage.conf') }
const buildah = (...argv: string[]) => {
  const said = run('buildah', argv, { cwd: place, env })
  expect(said.status, `buildah ${argv.join(' ')}\n${said.stdout}${said.stderr}`).toBe(0)
  return said.stdout.trim()
}

// No registry of images can be reached: the base is Debian as debootstrap makes it, with the node of these tests.
// One to five minutes, and registries of Debian and npm: CT_STREAM_TEST_IMAGE=0 leaves it out.
const isLeftOut = process.env.CT_STREAM_TEST_IMAGE === '0'

describe.skipIf(isLeftOut || !has('buildah') || !has('debootstrap') || process.getuid?.() !== 0)(
  'the Dockerfile',
  () => {
    let container = ''
    beforeAll(() => {
      const storage = { driver: 'vfs', runroot: join(place, 'run'), graphroot: join(place, 'graph') }
      const lines = Object.entries(storage).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
      writeFileSync(env.CONTAINERS_STORAGE_CONF, `[storage]\n${lines.join('\n')}\n`)
      const rootfs = join(place, 'rootfs')
      const packages = join(homedir(), '.cache', 'ct-stream', 'debootstrap')
      mkdirSync(packages, { recursive: true })
      const made = run('debootstrap', ['--variant=minbase', `--cache-dir=${packages}`, 'bookworm', rootfs])
      expect(made.status, made.stdout.slice(-2000)).toBe(0)
      copyFileSync(process.execPath, join(rootfs, 'usr', 'local', 'bin', 'node'))
      // Beside this node there is none: it is a package itself.
      const npm = join(realpathSync(run('sh', ['-c', 'command -v npm']).stdout.trim()), '..', '..')
      cpSync(npm, join(rootfs, 'usr', 'local', 'lib', 'npm'), { recursive: true })
      writeFileSync(
        join(rootfs, 'usr', 'local', 'bin', 'npm'),
        '#!/bin/sh\nexec node /usr/local/lib/npm/bin/npm-cli.js "$@"\n',
        { mode: 0o755 },
      )
      // Where registries are reached over a proxy that signs for them, its certificate is among those of this machine.
      const cafile = run('npm', ['config', 'get', 'cafile']).stdout.trim()
      const trusted = process.env.NODE_EXTRA_CA_CERTS ?? (existsSync(cafile) ? cafile : undefined)
      if (trusted !== undefined) copyFileSync(trusted, join(rootfs, 'etc', 'trusted.pem'))
      const trust = trusted === undefined ? '' : 'ENV NODE_EXTRA_CA_CERTS=/etc/trusted.pem\n'
      writeFileSync(join(place, 'Base'), `FROM scratch\nADD rootfs /\nENV PATH=/usr/local/bin:/usr/bin:/bin\n${trust}`)
      buildah('build', '-f', 'Base', '-t', 'localhost/node:24-slim', '.')
      // As a user has it: the package alone.
      const context = join(place, 'context')
      mkdirSync(context)
      const packed = run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', context])
      run('tar', ['-xzf', packed.stdout.trim(), '--strip-components=1'], { cwd: context })
      const file = join(folder, 'Dockerfile')
      buildah(
        'build',
        '--network',
        'host',
        '-f',
        file,
        '--build-arg',
        'BASE=localhost/node:24-slim',
        '-t',
        'ct-stream',
        context,
      )
      container = buildah('from', 'localhost/ct-stream')
    })
    afterAll(() => {
      if (container !== '') run('buildah', ['rm', container], { cwd: place, env })
      rmSync(place, { recursive: true, force: true })
    })

    it('runs the command line as a user who is not root', () => {
      const cli = ['node', '/app/node_modules/ct-stream/dist/cli.js']
      expect(buildah('run', '--user', '10001:10001', container, '--', ...cli, '--version')).toMatch(/^\d+\.\d+\.\d+$/)
      expect(buildah('run', container, '--', 'node', '-p', 'process.getuid()')).toBe('10001')
      const noDatabase = run('buildah', ['run', container, '--', ...cli, 'run'], { cwd: place, env })
      expect(noDatabase.stderr).toContain('needs --db')
      // What Postgres needs is in it.
      expect(
        buildah(
          'run',
          '--workingdir',
          '/app',
          container,
          '--',
          'node',
          '-e',
          "import('pg').then(() => console.log('pg'))",
        ),
      ).toBe('pg')
    })

    it('has a health check, and runs all roles when nothing else is said', () => {
      const { OCIv1, Docker } = JSON.parse(buildah('inspect', '--type', 'image', 'localhost/ct-stream')) as {
        OCIv1: { config: { User: string; Entrypoint: string[]; Cmd: string[] } }
        Docker: { config: object }
      }
      expect(OCIv1.config).toMatchObject({ User: '10001:10001', Cmd: ['run', '--host', '0.0.0.0'] })
      expect(Docker.config).toBeDefined()
    })
  },
)
