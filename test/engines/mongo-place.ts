import { randomUUID } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { inject } from 'vitest'
import { indexesOfDocuments } from './stored-content.js'

const server = inject('ferretdb')
/** For `describe.skipIf`. */
export const noMongo = server === undefined

/** A document of any collection. */
type Found = Record<string, unknown> & { _id: string }

/** A prefix of a server that nothing else uses. */
export async function mongoPlace(url = server, prefix = `t${randomUUID().slice(0, 8)}`) {
  const client = await new MongoClient(url ?? '').connect()
  const database = client.db('ct')
  const collection = (name: string) => database.collection<Found>(`${prefix}_${name}`)
  return {
    url: `${url}/ct?prefix=${prefix}&serverSelectionTimeoutMS=1000`,
    prefix,
    database,
    collection,
    documents: (name = 'entries') => collection(name).find().toArray(),
    /** Indexes as the `_id`s have them: documents are of no order. */
    async content(): Promise<ReadonlyMap<string, readonly number[]>> {
      const content = indexesOfDocuments(await this.documents())
      for (const indexes of content.values()) indexes.sort((a, b) => a - b)
      return content
    },
    /** All documents as they are now, to go back to. */
    async keep() {
      const names = ['entries', 'state', 'parked']
      const kept = await Promise.all(names.map((name) => this.documents(name)))
      return {
        async restore() {
          for (const [i, name] of names.entries()) {
            await collection(name).deleteMany({})
            if (kept[i]?.length) await collection(name).insertMany(kept[i])
          }
        },
      }
    },
    close: () => client.close(),
    async remove(): Promise<void> {
      for (const name of ['entries', 'state', 'parked'])
        await collection(name)
          .drop()
          .catch(() => false)
      await client.close()
    },
  }
}
