import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type ConfiguredModule, defineModule, runModules } from '../../../src/modules/index.js'
import { command } from '../../../src/outputs/command.js'
import type { Finding } from '../../../src/types/finding.js'
import { madeCertificates } from '../../support/module-certificates.js'
import { HOSTILE, outputContract } from './contract.js'

const folder = () => mkdtempSync(join(tmpdir(), 'ct-stream-command-'))
const linesOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [])

/** Each of them starts a process. */
const FINDINGS = 30

describe.skipIf(process.platform === 'win32')('the output command', () => {
  outputContract(
    'command',
    () => {
      const place = folder()
      const file = join(place, 'ids')
      const script = 'test ! -e "$0.down" && echo "$CT_FINDING_ID" >> "$0"'
      return {
        output: command.with({ command: 'sh', args: ['-c', script, file] }, { limits: { concurrency: 4 } }),
        received: () => linesOf(file),
        fail: () => writeFileSync(`${file}.down`, ''),
        repair: () => rmSync(`${file}.down`),
        remove: () => rmSync(place, { recursive: true }),
      }
    },
    FINDINGS,
  )

  const reporter = defineModule({
    name: 'reporter',
    onCertificate: (_, { emit }) => emit({ kind: 'seen', subject: HOSTILE, severity: 'high', reason: HOSTILE }),
  })

  /** Runs a shell script for a finding; `$0` is a file. */
  async function send(script: string, use: ConfiguredModule = command.with({ command: 'sh' }), count = 1) {
    const place = folder()
    onTestFinished(() => rmSync(place, { recursive: true, force: true }))
    const file = join(place, 'out')
    const options = { ...(use.options as object), args: ['-c', script, file] }
    const messages: string[] = []
    const say = (message: string) => void messages.push(message)
    const run = runModules(madeCertificates(count), [reporter, { ...use, options }], {
      logger: { debug: () => {}, info: say, warn: say, error: say },
      drainTimeoutMs: 0,
    })
    const error = await run.done.then(
      () => undefined,
      (error: Error) => error,
    )
    const { deadLetters } = run.status().modules.find(({ name }) => name === 'command') ?? {}
    return { file, messages, error, place, deadLetters }
  }

  it('gives the finding on stdin and in variables, and lets no shell look at what a stranger wrote', async () => {
    const { file } = await send(
      'cat > "$0"; printf "%s\\n" "$CT_FINDING_SUBJECT" "$CT_FINDING_SEVERITY" "$HOME" >> "$0"',
    )
    const [json = '', subject, severity, home] = linesOf(file)
    const finding: Finding = JSON.parse(json)
    expect(finding.subject).toBe(HOSTILE)
    expect(subject).toBe(HOSTILE.replace('\r\n\x1b', '\\x0d\\x0a\\x1b').replace('\u202e', '\\u{202e}'))
    expect([severity, home]).toEqual(['high', process.env.HOME])
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(5)
  })

  it('does not mind a program that reads nothing, or leaves something running behind it', async () => {
    const { error } = await send('sleep 30 & exit 0')
    expect(error).toBeUndefined()
  })

  it('tries again after another exit status, and says what the program said', async () => {
    const limits = { attempts: 2 }
    const { file, error } = await send(
      'echo x >> "$0"; printf "no\\033[31m route" >&2; exit 3',
      command.with({ command: 'sh' }, { limits }),
    )
    expect(linesOf(file)).toHaveLength(2)
    expect(error?.message).toMatch(/module `command` failed 2 times: command sh ended with 3: no\\x1b\[31m route/)
  })

  it('puts aside what is refused, and goes on', async () => {
    const place = folder()
    onTestFinished(() => rmSync(place, { recursive: true }))
    const deadLetters = join(place, 'dead.jsonl')
    const sent = await send('exit 65', command.with({ command: 'sh', deadLetters }), 2)
    expect(sent).toMatchObject({ error: undefined, deadLetters: 2 })
    const letters = linesOf(deadLetters).map((line) => JSON.parse(line))
    expect(letters).toMatchObject([{ finding: { kind: 'seen' } }, { error: expect.stringMatching(/65/) }])
  })

  it('puts aside a finding with which the program cannot be started', async () => {
    const place = folder()
    onTestFinished(() => rmSync(place, { recursive: true }))
    const deadLetters = join(place, 'dead.jsonl')
    vi.stubEnv('CT_TEST_TOO_LONG', 'x'.repeat(2_000_000))
    onTestFinished(() => void vi.unstubAllEnvs())
    const limits = { attempts: 1 }
    const sent = await send('exit 0', command.with({ command: 'sh', deadLetters }, { limits }), 2)
    expect(sent).toMatchObject({ error: undefined, deadLetters: 2 })
    const letters = linesOf(deadLetters).map((line) => JSON.parse(line))
    expect(letters[0]).toMatchObject({ error: expect.stringMatching(/command sh cannot be run: spawn E2BIG/) })
  })

  it('ends a program that takes too long, with all that it started', async () => {
    const limits = { timeoutMs: 300, attempts: 1 }
    const { file, error } = await send(
      'sh -c \'echo $$ > "$0"; sleep 60\' "$0"; exit 0',
      command.with({ command: 'sh' }, { limits }),
    )
    expect(error?.message).toMatch(/took longer than 300 ms/)
    const pid = Number(linesOf(file)[0])
    expect(pid).toBeGreaterThan(1)
    await expect.poll(() => isThere(pid), { timeout: 30_000 }).toBe(false)
  })

  it.each([
    ['no-such-program-here', /PATH has no such program/],
    ['/no/such/program', /it is no program/],
    ['echo hello', /its arguments go into an option of their own/],
  ])('refuses %s before anything is read', async (name, message) => {
    const { error } = await send('', command.with({ command: name }))
    expect(error?.message).toMatch(message)
  })
})

function isThere(pid: number): boolean {
  try {
    // A zombie that nobody has waited for is there for the system alone.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
