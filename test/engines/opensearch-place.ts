import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'

const server = inject('opensearch')
/** For `describe.skipIf`. */
export const noOpenSearch = server === undefined

interface Hit {
  readonly _id: string
  readonly _index: string
  readonly _source: Record<string, never> & { ct: { index: number } }
}

/** A prefix of a server that nothing else uses. Asked over plain HTTP, without the client. */
export async function openSearchPlace(url = server, prefix = `t${randomUUID().slice(0, 8)}`) {
  const base = (url ?? '').replace('opensearch:', 'http:')
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${base}/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    return (await answer.json()) as Record<string, never>
  }
  return {
    url: `${url}?prefix=${prefix}&replicas=0`,
    prefix,
    ask,
    /** All documents of the indexes, in the order of their logs' indexes. */
    async hits(pattern = 'entries-*', query: object = { match_all: {} }): Promise<readonly Hit[]> {
      await ask('POST', `${prefix}-${pattern}/_refresh`)
      const found = await ask('POST', `${prefix}-${pattern}/_search`, { size: 10_000, query, sort: ['ct.index'] })
      return (found as unknown as { hits: { hits: readonly Hit[] } }).hits.hits
    },
    async content(): Promise<ReadonlyMap<string, readonly number[]>> {
      const content = new Map<string, number[]>()
      for (const { _id } of await this.hits()) {
        const [logId = '', index] = _id.split(':')
        content.set(logId, [...(content.get(logId) ?? []), Number(index)])
      }
      return content
    },
    async remove(): Promise<void> {
      await ask('DELETE', `_data_stream/${prefix}-entries-*`)
      await ask('DELETE', `${prefix}-*`)
      await ask('DELETE', `_index_template/${prefix}-*`)
    },
  }
}
