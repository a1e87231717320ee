import { describe, expect, it } from 'vitest'
import { isOfDocument, type SearchFault } from '../../../src/opensearch/errors.js'

const fault = (type: string, reason: string): SearchFault => ({ type, reason })

// As OpenSearch 2.19 answered for one document of a request; of Elasticsearch as its issues quote them.
const LIMIT = 'but this cluster currently has [999]/[1000] maximum'
const CLUSTER: readonly SearchFault[] = [
  fault('validation_exception', `Validation Failed: 1: this action would add [2] total shards, ${LIMIT} shards open;`),
  fault(
    'illegal_argument_exception',
    `Validation Failed: 1: this action would add [2] shards, ${LIMIT} normal shards open`,
  ),
  fault('index_closed_exception', 'closed'),
  fault('illegal_argument_exception', 'pipeline with id [gone] does not exist'),
]
const DOCUMENT: readonly SearchFault[] = [
  fault('mapper_parsing_exception', 'failed to parse'),
  fault(
    'mapper_parsing_exception',
    "failed to parse field [l] of type [long] in document with id 'a:1'. Preview of field's value: 'x'",
  ),
  fault(
    'mapper_parsing_exception',
    'object mapping for [o] tried to parse field [o] as object, but found a concrete value',
  ),
  fault('document_parsing_exception', '[1:55] failed to parse field [l] of type [long]'),
  fault(
    'strict_dynamic_mapping_exception',
    'mapping set to strict, dynamic introduction of [q] within [_doc] is not allowed',
  ),
  fault(
    'illegal_argument_exception',
    'Document contains at least one immense term in field="k" (whose UTF8 encoding is longer',
  ),
]
const UNCLEAR: readonly SearchFault[] = [
  fault('illegal_argument_exception', "field [qq] doesn't exist"),
  fault('illegal_argument_exception', 'Limit of total fields [5] has been exceeded'),
  fault('script_exception', 'runtime error'),
  fault('mapper_parsing_exception', 'Failed to parse mapping [_doc]: analyzer [a] not found'),
  fault('illegal_argument_exception', 'no write index is defined for alias [ct-entries-2026.11]'),
  {},
]

describe('isOfDocument', () => {
  it.each(CLUSTER)('does not park what is of the cluster: $type: $reason', (fault) => {
    expect(isOfDocument(400, fault, false)).toBe(false)
    expect(isOfDocument(400, fault, true)).toBe(false)
  })

  it.each(DOCUMENT)('parks what is of the document: $type: $reason', (fault) => {
    expect(isOfDocument(400, fault, false)).toBe(true)
  })

  it.each(UNCLEAR)('parks what may be either only beside a document that its index took: $type: $reason', (fault) => {
    expect(isOfDocument(400, fault, false)).toBe(false)
    expect(isOfDocument(400, fault, true)).toBe(true)
  })

  it('parks what a document quotes as it parks others', () => {
    const quoted = fault(
      'mapper_parsing_exception',
      'failed to parse field [l]: index_closed_exception: closed, this action would add [2]',
    )
    expect(isOfDocument(400, quoted, false)).toBe(true)
  })

  it('parks what is too large, and what a pipeline refuses with its processor `fail`', () => {
    expect(isOfDocument(413, {}, false)).toBe(true)
    expect(isOfDocument(500, fault('fail_processor_exception', 'odd'), false)).toBe(true)
    expect(isOfDocument(500, fault('illegal_state_exception', 'no'), true)).toBe(false)
    expect(isOfDocument(429, fault('opensearch_rejected_execution_exception', 'no'), true)).toBe(false)
  })
})
