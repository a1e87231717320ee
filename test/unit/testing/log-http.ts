import { get, type IncomingHttpHeaders } from 'node:http'
import type { SignedHead } from '../../../src/types/log.js'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A plain GET on a connection of its own: nothing of the library's transport, no decompression. Rejects when cut. */
export function fetchRaw(url: string, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers, agent: false, signal }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      )
    })
    request.on('error', reject)
  })
}

export async function fetchJson<T>(url: string): Promise<T> {
  const { status, body } = await fetchRaw(url)
  if (status !== 200) throw new Error(`${status}: ${body.toString()}`)
  return JSON.parse(body.toString()) as T
}

export interface SthBody {
  tree_size: number
  timestamp: number
  sha256_root_hash: string
  tree_head_signature: string
}
export interface EntriesBody {
  entries: { leaf_input: string; extra_data: string }[]
}

export const headOf = (sth: SthBody): SignedHead => ({
  treeSize: sth.tree_size,
  timestamp: sth.timestamp,
  rootHash: Buffer.from(sth.sha256_root_hash, 'base64'),
  signature: Buffer.from(sth.tree_head_signature, 'base64'),
})
