import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './process.js'

/** What the submitting program knows of an entry: submit/truth.go says what each field is. */
export interface TruthEntry {
  readonly index: number
  readonly timestamp: number
  readonly kind: 'certificate' | 'precertificate'
  readonly shape: string
  /** Base64, like `tbs` and `leafInput`. */
  readonly der: string
  readonly tbs: string
  readonly leafInput: string
  readonly sha256: string
  readonly issuerKeyHash: string
  readonly serial: string
  readonly commonName: string
  readonly issuer: string
  readonly notBefore: string
  readonly notAfter: string
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  readonly emailAddresses: readonly string[]
  readonly uris: readonly string[]
  readonly spkiSha256: string
  readonly algorithm: string
  readonly bits: number
  readonly chain: readonly string[]
  readonly sctTimes: readonly number[]
  readonly pair: number
}

export interface AddReport {
  readonly entries: number
  readonly repeated: number
  readonly seconds: number
  readonly rejections: readonly string[] | null
}

/** Submits certificates to one log and keeps the truth, by the program in `submit/`. */
export class Submitter {
  readonly pki: string
  private readonly program: string
  private readonly file: string
  private next = 0
  /** Entries submitted so far. */
  count = 0

  constructor(program: string, folder: string) {
    this.program = join(program, 'submit')
    this.pki = join(folder, 'pki')
    this.file = join(folder, 'truth.jsonl')
  }

  init(): Promise<unknown> {
    return this.command('init', '--pki', this.pki)
  }

  async add(url: string, count: number, ...flags: string[]): Promise<AddReport> {
    const from = this.next
    this.next += count
    const report: AddReport = JSON.parse(
      await this.command('add', '--url', url, '--from', `${from}`, '--count', `${count}`, ...this.files(), ...flags),
    )
    if (report.rejections !== null) throw new Error(`the log rejected: ${report.rejections.slice(0, 5).join('; ')}`)
    this.count += report.entries
    return report
  }

  /** Finds the indexes that the log did not say when it took the entries. */
  resolve(url: string): Promise<unknown> {
    return this.command('resolve', '--url', url, '--truth', this.file)
  }

  /** Root of the tree at each size, hexadecimal, computed from the truth alone. */
  async roots(sizes: readonly number[]): Promise<Record<number, string>> {
    return JSON.parse(await this.command('roots', '--truth', this.file, ...sizes.map(String)))
  }

  /** All entries, in the order of the log. */
  truth(): TruthEntry[] {
    const lines = readFileSync(this.file, 'utf8').split('\n').filter(Boolean)
    return lines.map((line) => JSON.parse(line) as TruthEntry).sort((a, b) => a.index - b.index)
  }

  private files(): string[] {
    return ['--pki', this.pki, '--truth', this.file]
  }

  private async command(...args: string[]): Promise<string> {
    return (await run(this.program, args, { maxBuffer: 1 << 26 })).stdout
  }
}
