import { type Content, type LogView, notFound, type ServingRules } from './content.js'
import type { TestLogRequest } from './requests.js'
import { getConsistency, getEntries, getEntryAndProof, getProofByHash, getRoots } from './rfc6962-content.js'
import { dataTile, hashTile, issuer } from './tile-content.js'

/** What an honest log answers. */
export function contentOf(request: TestLogRequest, view: LogView, rules: ServingRules): Content {
  switch (request.endpoint) {
    case 'get-sth':
    case 'checkpoint':
      return { kind: 'head', head: view.head }
    case 'get-entries':
      return getEntries(request, view, rules)
    case 'get-sth-consistency':
      return getConsistency(request, view)
    case 'get-proof-by-hash':
      return getProofByHash(request, view)
    case 'get-entry-and-proof':
      return getEntryAndProof(request, view)
    case 'get-roots':
      return getRoots(view)
    case 'tile':
      return hashTile(request, view, rules)
    case 'data-tile':
      return dataTile(request, view, rules)
    case 'issuer':
      return issuer(request, view)
    case 'other':
      return notFound
  }
}
