// `ct-stream/testing`: an embedded CT log with real signatures and proofs, certificates to put into it, and faults; the
// contract of a checkpoint store.
export { CERTIFICATE_SHAPES, type CertificateShape } from './certificate-shapes.js'
export type { BitFlip, Fault, FaultHandle, RateLimit, TestLogFork } from './faults.js'
export { type IssuedCertificate, type IssueOptions, issueCertificates } from './issue-certificates.js'
export {
  createTestLogList,
  type TestLogList,
  type TestLogListLog,
  type TestLogListOperator,
  type TestLogListOptions,
  type TestLogListTiledLog,
  type TestLogState,
} from './log-list.js'
export type { CertificateRequest, RequestOptions, TestExtension } from './requested-certificates.js'
export type { RecordedRequest, TestLogEndpoint, TestLogRequest } from './requests.js'
export { type CheckpointStoreCase, type CheckpointStorePlace, checkpointStoreContract } from './store-contract.js'
export type { DerEntry, PrecertificateEntry, RawLogEntry, TestLogEntry } from './stored-entry.js'
export { createTestCa, type TestCa, type TestCaOptions } from './test-ca.js'
export type { TestKeyKind } from './test-key.js'
export { createTestLog, type TestLog } from './test-log.js'
export type { TestLogOptions } from './test-log-options.js'
export type { TestName } from './test-name.js'
