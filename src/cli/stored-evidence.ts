import { CtStreamError } from '../errors.js'
import { defaultLogLists } from '../loglist/defaults.js'
import { parseListBytes } from '../loglist/schema.js'
import type { Evidence, StoredList } from '../types/checkpoint.js'
import type { EvidenceJson } from '../types/evidence.js'
import type { LogInfo } from '../types/log.js'
import { evidenceToJSON } from '../verify/evidence-json.js'
import { LogKey } from '../wire/head-signature.js'

/** The parts of an open checkpoint file that are used. */
interface EvidenceStore {
  evidence(): readonly Evidence[]
  list(url: string): StoredList | undefined
}

/** Result of converting stored evidence. */
export interface StoredEvidence {
  readonly documents: readonly EvidenceJson[]
  /** Why records could not be converted. */
  readonly unusable: readonly string[]
}

/**
 * All evidence of a checkpoint file as documents, in the order in which it was recorded. Records of earlier versions lack the log's key: it is
 * searched among `keys`, and in the copies of log lists in the file.
 *
 * @param keys - Base64 SubjectPublicKeyInfo.
 */
export function storedEvidence(
  store: EvidenceStore,
  isWanted: (log: LogInfo) => boolean,
  keys: readonly string[] = [],
): StoredEvidence {
  const keyOf = keysById(store, keys)
  const documents: EvidenceJson[] = []
  const unusable: string[] = []
  for (const record of store.evidence()) {
    if (!isWanted(record.log)) continue
    try {
      documents.push(evidenceToJSON(record, { key: keyOf(record.log.id) }))
    } catch (error) {
      if (!CtStreamError.is(error)) throw error
      unusable.push(error.message)
    }
  }
  return { documents, unusable }
}

function keysById(store: EvidenceStore, keys: readonly string[]): (id: string) => string | undefined {
  const given = new Map(keys.map((key) => [new LogKey(key).id, key]))
  let listed: ReadonlyMap<string, string> | undefined
  return (id) => {
    const key = given.get(id)
    if (key !== undefined) return key
    listed ??= listedKeys(store)
    return listed.get(id)
  }
}

/** Any list will do: the log id is the hash of the key, and evidence is checked against it. */
function listedKeys(store: EvidenceStore): ReadonlyMap<string, string> {
  const keys = new Map<string, string>()
  for (const url of defaultLogLists) {
    const list = store.list(url)
    if (list === undefined) continue
    try {
      const { entries } = parseListBytes(list.body, { name: url, remote: false, allowHttp: true })
      for (const [id, { key }] of entries) keys.set(id, key)
    } catch (error) {
      if (!CtStreamError.is(error)) throw error
    }
  }
  return keys
}
