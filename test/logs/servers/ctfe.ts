import { generateKeyPairSync } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Rfc6962LogSpec } from '../../../src/types/log.js'
import { newFolder } from './place.js'
import { answers, freePort, listens, run, Server, until } from './process.js'
import type { RealLog } from './real-log.js'
import { type AddReport, Submitter } from './truth.js'

/** Most entries of one answer: small, so that a few thousand entries are many pages. */
export const CTFE_PAGE = 100

/** The CTFE before Trillian (log server and signer) before MariaDB, which listens at a socket in the same folder only. */
export class CtfeLog implements RealLog {
  readonly submitter: Submitter
  spec!: Rfc6962LogSpec
  private readonly programs: string
  private readonly folder: string
  private database: Server | undefined
  private servers: Server[] = []
  private ports: { http: number; log: number; signer: number } | undefined

  private constructor(programs: string, submit: string) {
    this.programs = programs
    this.folder = newFolder('ctfe')
    this.submitter = new Submitter(submit, this.folder)
  }

  static async open(programs: string, submit: string): Promise<CtfeLog> {
    const log = new CtfeLog(programs, submit)
    try {
      await Promise.all([log.startDatabase(), log.submitter.init()])
      log.ports = { http: await freePort(), log: await freePort(), signer: await freePort() }
      await log.startTrillian()
      await log.createLog()
      await log.startCtfe()
    } catch (error) {
      await log.close()
      throw error
    }
    return log
  }

  async add(count: number, ...flags: string[]): Promise<AddReport> {
    const report = await this.submitter.add(this.spec.url, count, ...flags)
    await until(async () => {
      const { tree_size } = (await (await fetch(`${this.spec.url}ct/v1/get-sth`)).json()) as { tree_size: number }
      return tree_size >= this.submitter.count
    })
    await this.submitter.resolve(this.spec.url)
    return report
  }

  async start(): Promise<void> {
    await this.startTrillian()
    await this.startCtfe()
  }

  async stop(): Promise<void> {
    const servers = this.servers.splice(0).reverse()
    for (const server of servers) await server.stop('SIGTERM')
  }

  async close(): Promise<void> {
    await this.stop()
    await this.database?.stop('SIGTERM')
    rmSync(this.folder, { recursive: true, force: true })
  }

  private get socket(): string {
    return join(this.folder, 'db.sock')
  }

  /** A private instance with its own data; nothing of it is to last. */
  private async startDatabase(): Promise<void> {
    const data = join(this.folder, 'db')
    const user = process.getuid?.() === 0 ? ['--user=root'] : []
    await run('mariadb-install-db', [
      '--no-defaults',
      ...user,
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ])
    this.database = new Server(this.folder, 'mariadbd', [
      '--no-defaults',
      ...user,
      `--datadir=${data}`,
      `--socket=${this.socket}`,
      `--pid-file=${join(this.folder, 'db.pid')}`,
      '--skip-networking',
      '--skip-log-bin',
      '--innodb-flush-log-at-trx-commit=0',
    ])
    await this.database.ready(async () => (await this.sql('select 1')) !== '')
    await this.sql('CREATE DATABASE trillian')
    await this.sql(`USE trillian; SOURCE ${join(this.programs, 'storage.sql')};`)
  }

  private async sql(text: string): Promise<string> {
    return (await run('mariadb', ['--no-defaults', '-u', 'root', `--socket=${this.socket}`, '-e', text])).stdout
  }

  private async startTrillian(): Promise<void> {
    const { log, signer } = this.ports!
    const storage = [
      '--storage_system=mysql',
      `--mysql_uri=root@unix(${this.socket})/trillian`,
      '--quota_system=noop',
      '--http_endpoint=',
    ]
    const program = (name: string, ...args: string[]) => {
      const server = new Server(this.folder, join(this.programs, name), [...storage, ...args])
      this.servers.push(server)
      return server
    }
    const sequencing = ['--force_master', '--sequencer_interval=200ms', '--batch_size=1000']
    program('trillian_log_signer', `--rpc_endpoint=127.0.0.1:${signer}`, ...sequencing)
    const server = program('trillian_log_server', `--rpc_endpoint=127.0.0.1:${log}`)
    // gRPC: whatever answers a plain request, something listens.
    await server.ready(() => listens(log))
  }

  /** A tree in Trillian, a key, and the configuration that joins them. */
  private async createLog(): Promise<void> {
    const { log, http } = this.ports!
    const { stdout } = await run(join(this.programs, 'createtree'), [`--admin_server=127.0.0.1:${log}`])
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const spki = publicKey.export({ type: 'spki', format: 'der' })
    const escaped = (der: Buffer) => [...der].map((octet) => `\\x${octet.toString(16).padStart(2, '0')}`).join('')
    writeFileSync(
      join(this.folder, 'ct.cfg'),
      `config {
  log_id: ${stdout.trim()}
  prefix: "2026"
  roots_pem_file: "${join(this.submitter.pki, 'roots.pem')}"
  public_key: { der: "${escaped(spki)}" }
  private_key: { [type.googleapis.com/keyspb.PrivateKey] { der: "${escaped(privateKey.export({ type: 'sec1', format: 'der' }))}" } }
  max_merge_delay_sec: 86400
  expected_merge_delay_sec: 120
}
`,
    )
    this.spec = { kind: 'rfc6962', url: `http://127.0.0.1:${http}/2026/`, key: spki.toString('base64') }
  }

  private async startCtfe(): Promise<void> {
    const { log, http } = this.ports!
    const server = new Server(this.folder, join(this.programs, 'ct_server'), [
      `--log_config=${join(this.folder, 'ct.cfg')}`,
      `--log_rpc_server=127.0.0.1:${log}`,
      `--http_endpoint=127.0.0.1:${http}`,
      `--max_get_entries=${CTFE_PAGE}`,
    ])
    this.servers.push(server)
    await server.ready(() => answers(`${this.spec.url}ct/v1/get-sth`))
  }
}
