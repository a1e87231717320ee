import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { issueCertificates } from '../../src/testing/index.js'
import { testServer } from '../unit/certstream/server.js'

const root = join(import.meta.dirname, '..', '..')

/** The built command line as a process of its own, ended with the test. */
function start(...argv: string[]): ChildProcess & { readonly stdout: NonNullable<ChildProcess['stdout']> } {
  const env = { ...process.env, NODE_OPTIONS: '' }
  const child = spawn(process.execPath, [join(root, 'dist', 'cli.js'), ...argv], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** A server that keeps what it sent: clients go on after the cursor they name. */
async function keepingServer(count: number) {
  const ders = [...issueCertificates(count, { sign: false })].map(({ der }) => Buffer.from(der).toString('base64'))
  return testServer((client, n, request) => {
    const after = Number(new URL(request.url ?? '', 'ws://x').searchParams.get('after') ?? -1)
    // Each of the first connections breaks in the middle of it.
    for (let i = after + 1; i < ders.length && (n >= 3 || i < (n + 1) * 100); i++)
      client.send(
        JSON.stringify({
          message_type: 'certificate_update',
          data: { leaf_cert: { as_der: ders[i] }, cert_index: i, update_type: 'X509LogEntry' },
          cursor: String(i),
        }),
      )
    if (n < 3) client.close(1012)
  })
}

describe('ct-stream --source as a process', () => {
  it('has every certificate once and in order, however often the connection breaks', async () => {
    const server = await keepingServer(400)
    const child = start('--source', `${server.url}full-stream`, '--limit', '400', '--quiet')
    const [lines, ended] = [[] as string[], once(child, 'exit')]
    for await (const line of createInterface({ input: child.stdout })) lines.push(line)
    const certificates = lines.map((line) => JSON.parse(line))
    expect(certificates.map(({ index }) => index)).toEqual(Array.from({ length: 400 }, (_, i) => i))
    expect(certificates.every(({ verified, sha256, publicKey }) => !verified && sha256 && publicKey)).toBe(true)
    expect(await ended).toEqual([0, null])
    expect(server.asked).toHaveLength(4)
  })

  it('ends with status 0 within 5 seconds of a signal, closing its connection properly', async () => {
    let code: number | undefined
    const server = await testServer((client) => {
      client.on('close', (with_) => {
        code = with_
      })
      client.send('{"message_type":"dns_entries","data":["a.example"]}')
    })
    const child = start('--source', server.url, '--quiet')
    const ended = once(child, 'exit')
    await once(createInterface({ input: child.stdout }), 'line')
    const began = performance.now()
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    expect(performance.now() - began).toBeLessThan(5000)
    expect(code).toBe(1000)
  })
})
