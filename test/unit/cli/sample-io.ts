import { Readable, Writable } from 'node:stream'
import type { CliIo } from '../../../src/cli/io.js'
import { quietController } from '../../../src/util/abort.js'

/** A writable that keeps what it was given. */
export function sink() {
  let text = ''
  const stream = new Writable({
    write(chunk, _, done) {
      text += String(chunk)
      done()
    },
  })
  return { stream, text: () => text }
}

export interface SampleIo {
  readonly io: CliIo
  readonly stdout: () => string
  readonly stderr: () => string
}

/** The world of a command line without a process. */
export function sampleIo(
  argv: readonly string[],
  options: {
    readonly env?: Record<string, string>
    readonly files?: Record<string, string | Uint8Array>
    readonly stdin?: readonly (Uint8Array | string)[]
    readonly changes?: Partial<CliIo>
  } = {},
): SampleIo {
  const [stdout, stderr] = [sink(), sink()]
  const io: CliIo = {
    argv,
    env: options.env ?? {},
    stdin: Readable.from(options.stdin ?? []),
    stdout: stdout.stream,
    stderr: stderr.stream,
    stop: quietController().signal,
    clock: { now: () => 0, sleep: async () => {} },
    isRunning: () => undefined,
    readFile: async (path) => {
      const content = options.files?.[path]
      if (content !== undefined) return typeof content === 'string' ? new TextEncoder().encode(content) : content
      throw Object.assign(new Error(`ENOENT: no such file, open '${path}'`), { code: 'ENOENT' })
    },
    ...options.changes,
  }
  return { io, stdout: stdout.text, stderr: stderr.text }
}
