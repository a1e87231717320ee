import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { StaticCtLogSpec } from '../../../src/types/log.js'
import { newFolder } from './place.js'
import { answers, freePort, listens, Server } from './process.js'
import type { RealLog } from './real-log.js'
import { type AddReport, Submitter } from './truth.js'

/**
 * Sunlight takes the entries and Skylight serves them, from one local folder.
 *
 * Both match requests by host name and path, and leave the port of a request out: a prefix without a port, `https://127.0.0.1/2026`,
 * is found at any port. Without a certificate they speak plain HTTP, which the reader accepts on loopback.
 */
export class SunlightLog implements RealLog {
  readonly submitter: Submitter
  spec!: StaticCtLogSpec
  /** The same log at a second Skylight, over TLS; its authority is `pki/root.pem`. */
  tlsSpec!: StaticCtLogSpec
  private readonly programs: string
  private readonly folder: string
  private submissionUrl = ''
  private servers: Server[] = []
  private ports: { sunlight: number; skylight: number; tls: number } | undefined

  private constructor(programs: string, submit: string) {
    this.programs = programs
    this.folder = newFolder('sunlight')
    this.submitter = new Submitter(submit, this.folder)
  }

  static async open(programs: string, submit: string): Promise<SunlightLog> {
    const log = new SunlightLog(programs, submit)
    try {
      await log.prepare()
      await log.start()
      await log.describe()
    } catch (error) {
      await log.close()
      throw error
    }
    return log
  }

  add(count: number, ...flags: string[]): Promise<AddReport> {
    // Sunlight answers when the entry is in a signed tree, and says its index.
    return this.submitter.add(this.submissionUrl, count, ...flags)
  }

  async start(): Promise<void> {
    const { sunlight, skylight, tls } = this.ports!
    // Skylight first: at its start, Sunlight compares its checkpoint with the one that is served.
    await Promise.all([
      this.startSkylight(this.folder, skylight),
      this.startSkylight(join(this.folder, 'tls'), tls, '-testcert'),
    ])
    const server = new Server(this.folder, join(this.programs, 'sunlight'), ['-c', 'sunlight.yaml'])
    this.servers.push(server)
    await server.ready(() => answers(`http://127.0.0.1:${sunlight}/health`))
  }

  /** One more Skylight, which has a limit of its own. */
  async another(): Promise<StaticCtLogSpec> {
    const port = await freePort()
    const folder = join(this.folder, `skylight-${port}`)
    mkdirSync(folder)
    writeFileSync(join(folder, 'skylight.yaml'), this.skylightConfig(port, '127.0.0.1'))
    await this.startSkylight(folder, port)
    return { ...this.spec, monitoringUrl: `http://127.0.0.1:${port}/2026/` }
  }

  async stop(): Promise<void> {
    const servers = this.servers.splice(0).reverse()
    for (const server of servers) await server.stop('SIGINT')
  }

  async close(): Promise<void> {
    await this.stop()
    // As root, Sunlight makes its tiles immutable where the file system can.
    try {
      execFileSync('chattr', ['-R', '-f', '-i', this.folder], { stdio: 'ignore' })
    } catch {
      // No such command, or no such attribute: nothing to take back.
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  private async startSkylight(cwd: string, port: number, ...flags: string[]): Promise<void> {
    const server = new Server(cwd, join(this.programs, 'skylight'), ['-c', 'skylight.yaml', ...flags], { cwd })
    this.servers.push(server)
    await server.ready(() => listens(port))
  }

  private async prepare(): Promise<void> {
    await this.submitter.init()
    const { folder } = this
    const pki = this.submitter.pki
    const tls = join(folder, 'tls')
    mkdirSync(tls)
    copyFileSync(join(pki, 'server.pem'), join(tls, 'skylight.pem'))
    copyFileSync(join(pki, 'server-key.pem'), join(tls, 'skylight-key.pem'))
    mkdirSync(join(folder, 'data'))
    writeFileSync(join(folder, 'seed.bin'), randomBytes(32))
    const locks = new Database(join(folder, 'checkpoints.db'))
    locks.exec('CREATE TABLE checkpoints (logID BLOB PRIMARY KEY, body BLOB NOT NULL) STRICT')
    locks.close()
    this.ports = { sunlight: await freePort(), skylight: await freePort(), tls: await freePort() }
    const { sunlight, skylight } = this.ports
    this.submissionUrl = `http://127.0.0.1:${sunlight}/2026`
    writeFileSync(
      join(folder, 'sunlight.yaml'),
      `listen: ["127.0.0.1:${sunlight}"]
checkpoints: ${folder}/checkpoints.db
logs:
  - shortname: test
    inception: ${today()}
    period: 200
    submissionprefix: https://127.0.0.1/2026
    monitoringprefix: http://127.0.0.1:${skylight}/2026
    roots: ${pki}/roots.pem
    secret: ${folder}/seed.bin
    cache: ${folder}/cache.db
    localdirectory: ${folder}/data
    notafterstart: 2000-01-01T00:00:00Z
    notafterlimit: 2200-01-01T00:00:00Z
`,
    )
    writeFileSync(join(folder, 'skylight.yaml'), this.skylightConfig(skylight, '127.0.0.1'))
    writeFileSync(join(tls, 'skylight.yaml'), this.skylightConfig(this.ports.tls, 'localhost'))
  }

  private skylightConfig(port: number, host: string): string {
    return `listen: ["127.0.0.1:${port}"]
logs:
  - shortname: test
    monitoringprefix: https://${host}/2026
    localdirectory: ${this.folder}/data
`
  }

  /** The key is in what Sunlight publishes about itself. */
  private async describe(): Promise<void> {
    const { key } = JSON.parse(readFileSync(join(this.folder, 'data', 'log.v3.json'), 'utf8'))
    const submissionUrl = 'https://127.0.0.1/2026'
    const monitoringUrl = `http://127.0.0.1:${this.ports!.skylight}/2026/`
    this.spec = { kind: 'static-ct', monitoringUrl, submissionUrl, key }
    this.tlsSpec = { ...this.spec, monitoringUrl: `https://localhost:${this.ports!.tls}/2026/` }
  }
}

/** Sunlight creates a log on the day of its inception only, by local time. */
function today(): string {
  const now = new Date()
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => `${part}`.padStart(2, '0')).join('-')
}
