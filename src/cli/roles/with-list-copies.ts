import type { ListStore } from '../../loglist/list-copy.js'
import type { CheckpointStore } from '../../types/checkpoint.js'

/**
 * The store of a shard, which also has the log lists of this process. A stream that begins while a list cannot be fetched would otherwise
 * not know its logs: some engines keep no lists, others an older copy.
 */
export function withListCopies(store: CheckpointStore, copies: ListStore | undefined): CheckpointStore {
  if (copies === undefined) return store
  const list: CheckpointStore['list'] = async (url) => {
    const [copy, stored] = [await copies.list(url), await store.list(url)]
    return copy === undefined || (stored !== undefined && stored.fetchedAt > copy.fetchedAt) ? stored : copy
  }
  return new Proxy(store, {
    get(target, name) {
      if (name === 'list') return list
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
