import type { MessageHeaders } from '../../src/sinks/index.js'

/** Indexes by log id, in the order in which they are given. */
export function indexesByLog(entries: Iterable<readonly [logId: string, index: number]>): Map<string, number[]> {
  const content = new Map<string, number[]>()
  for (const [logId, index] of entries) {
    const list = content.get(logId)
    if (list === undefined) content.set(logId, [index])
    else list.push(index)
  }
  return content
}

/** As the headers of messages say it. */
export const indexesOfMessages = (messages: readonly { readonly headers: MessageHeaders }[]) =>
  indexesByLog(
    messages.map(({ headers }) => {
      const { 'ct-log': logId = '', 'ct-index': index } = Object.fromEntries(headers)
      return [String(logId), Number(index)]
    }),
  )

/** As the keys of documents say it. */
export const indexesOfDocuments = (documents: readonly { readonly _id: string }[]) =>
  indexesByLog(
    documents.map(({ _id }) => {
      const [logId = '', index] = _id.split(':')
      return [logId, Number(index)]
    }),
  )
