import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { freePort } from '../support/free-port.js'

/** Of Debian's packages `rsyslog` and `rsyslog-gnutls`; where engines are required, one that is missing fails its tests. */
export const noRsyslog =
  process.env.CT_STREAM_TEST_REQUIRE_ENGINES === undefined &&
  !(existsSync('/usr/sbin/rsyslogd') && existsSync('/usr/share/doc/rsyslog-gnutls'))

/** What rsyslog made of a message. */
export interface Syslogged {
  readonly priority: string
  readonly host: string
  readonly app: string
  readonly id: string
  readonly data: string
  readonly text: string
}

/** An rsyslog on loopback with TLS and a certificate for `syslog.example`, removed when the test is over. */
export async function rsyslog() {
  const folder = mkdtempSync(join(tmpdir(), 'ct-stream-rsyslog-'))
  const port = await freePort()
  const at = (name: string) => join(folder, name)
  const [ca, key] = [at('ca.pem'), at('key.pem')]
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '36500', '-subj', '/CN=syslog.example']
  const names = ['-addext', 'subjectAltName=DNS:syslog.example', '-keyout', key, '-out', ca]
  execFileSync('openssl', [...request, ...names], { stdio: 'ignore' })
  // As rsyslog parsed them: one JSON object in each line.
  const field = (name: string, property: string) => `property(outname="${name}" name="${property}" format="jsonf")`
  const fields = [
    ...[field('priority', 'pri'), field('host', 'hostname'), field('app', 'app-name'), field('id', 'msgid')],
    ...[field('data', 'structured-data'), field('text', 'msg')],
  ]
  writeFileSync(
    at('rsyslog.conf'),
    `global(workDirectory="${folder}" maxMessageSize="8k" defaultNetstreamDriver="gtls" parser.escapeControlCharactersOnReceive="off"
  defaultNetstreamDriverCAFile="${ca}" defaultNetstreamDriverCertFile="${ca}" defaultNetstreamDriverKeyFile="${key}")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
input(type="imtcp" port="${port}" address="127.0.0.1" ruleset="all")
template(name="json" type="list") { constant(value="{") ${fields.join(' constant(value=",") ')} constant(value="}\\n") }
ruleset(name="all") { action(type="omfile" file="${at('out')}" template="json" asyncWriting="off") }
`,
  )
  let server: ReturnType<typeof spawn> | undefined
  const start = async () => {
    const one = spawn('/usr/sbin/rsyslogd', ['-n', '-f', at('rsyslog.conf'), '-i', at('pid')], { stdio: 'ignore' })
    server = one
    for (let i = 0; ; i++) {
      if (i > 400 || one.exitCode !== null) throw new Error('rsyslogd does not start')
      const socket = connect(port, '127.0.0.1')
      const isOpen = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      })
      socket.destroy()
      if (isOpen) return
      await wait(25)
    }
  }
  const stop = async () => {
    const one = server
    server = undefined
    if (one === undefined || one.exitCode !== null) return
    const gone = new Promise((resolve) => one.once('exit', resolve))
    one.kill('SIGTERM')
    await gone
  }
  onTestFinished(async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  })
  await start()
  return {
    url: `syslogs://127.0.0.1:${port}`,
    ca,
    start,
    stop,
    messages(): Syslogged[] {
      if (!existsSync(at('out'))) return []
      const lines = readFileSync(at('out'), 'utf8').trim().split('\n')
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Syslogged)
    },
  }
}
