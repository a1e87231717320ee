import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import { indexesOfDocuments } from './stored-content.js'

const server = inject('opensearch')
/** For `describe.skipIf`. */
export const noOpenSearch = server === undefined

interface Hit {
  readonly _id: string
  readonly _index: string
  readonly _source: Record<string, never> & { ct: { index: number; leaf_hash: string } }
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
      const request = { size: 10_000, query, sort: ['ct.index'] }
      const hits: Hit[] = []
      // An answer has 10,000 at most.
      for (let found = await ask('POST', `${prefix}-${pattern}/_search?scroll=1m`, request); ; ) {
        const page = found as unknown as { _scroll_id?: string; hits?: { hits: readonly Hit[] } }
        if (page.hits === undefined || page.hits.hits.length === 0) return hits
        hits.push(...page.hits.hits)
        found = await ask('POST', '_search/scroll', { scroll: '1m', scroll_id: page._scroll_id })
      }
    },
    async content(): Promise<ReadonlyMap<string, readonly number[]>> {
      return indexesOfDocuments(await this.hits())
    },
    async remove(): Promise<void> {
      await ask('DELETE', `_data_stream/${prefix}-entries-*`)
      await ask('DELETE', `${prefix}-*`)
      await ask('DELETE', `_index_template/${prefix}-*`)
    },
  }
}
