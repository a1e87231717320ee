import { basename } from 'node:path'
import { CtStreamError } from '../../errors.js'
import type { CtCertificate } from '../../types/certificate.js'
import type { EntryBatch } from '../../types/entries.js'
import type { Command, CommandContext } from '../command.js'
import { MAX_INPUT_BYTES, readDecodeInput } from '../decode-input.js'
import { detailFormatFlags } from '../flags/flags.js'
import { usageError } from '../flags/usage-error.js'
import { formatFrom } from '../formats/format.js'
import { Output } from '../terminal/output.js'

/** What decoding a file needs of the decoder. */
export interface DecodeKit {
  /** Entries of no log in particular, in order; `source` is where they come from. */
  decodeEntries(batch: EntryBatch, source: string): Iterable<CtCertificate>
  /** A certificate or precertificate that comes by itself, the `index`-th of its source. */
  decodeCertificate(der: Uint8Array, index: number, source: string): CtCertificate
}

/** `ct-stream decode <file|->`: what a file holds, as the stream would show it. */
export function decodeCommand(load: () => Promise<DecodeKit>): Command {
  return {
    name: 'decode',
    summary:
      'A certificate (PEM, DER, base64), a Merkle tree leaf, a get-entries answer or a data tile, decoded; - is stdin.',
    positionals: ['file'],
    flags: detailFormatFlags,
    examples: [
      ['ct-stream decode certificate.pem', 'every field, a line each'],
      ['openssl s_client -connect example.com:443 </dev/null | ct-stream decode -', 'the certificate of a server'],
    ],
    async run(context) {
      const { io, values } = context
      const format = formatFrom(values, io, io.stdout.isTTY ? 'pretty' : 'json')
      const input = readDecodeInput(await readInput(context))
      const kit = await load()
      const [path = '-'] = context.positionals
      const source = path === '-' ? 'stdin' : basename(path)
      const certificates =
        input.kind === 'entries'
          ? kit.decodeEntries(input.batch, source)
          : input.certificates.map((der, i) => kit.decodeCertificate(der, i, source))
      const output = new Output(io.stdout)
      let [count, firstProblem]: [number, string | undefined] = [0, undefined]
      let isAnyParsed = false
      for (const cert of certificates) {
        count += 1
        isAnyParsed ||= cert.kind !== 'unparsable'
        firstProblem ??= cert.problems[0]?.message
        await format.fetch?.(cert).catch(() => {})
        if (!(await output.write(format(cert), io.stop))) return
      }
      if (isAnyParsed) return
      const what = count === 1 ? 'it is no certificate' : `none of ${count} entries is a certificate`
      throw new CtStreamError(
        'CT_DER_MALFORMED',
        count === 0 ? `${source} holds no entry` : `${source} cannot be parsed: ${what} (${firstProblem})`,
      )
    },
  }
}

async function readInput({ io, positionals: [path = '-'] }: CommandContext): Promise<Uint8Array> {
  if (path !== '-') return io.readFile(path, MAX_INPUT_BYTES)
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of io.stdin as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(chunk)
    length += bytes.length
    if (length > MAX_INPUT_BYTES) throw usageError(`stdin holds more than ${MAX_INPUT_BYTES} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}
