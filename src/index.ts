export { checkpointFromJSON, checkpointToJSON } from './checkpoint/checkpoint-json.js'
export { MemoryCheckpointStore } from './checkpoint/memory.js'
export { type SqliteCheckpointOptions, SqliteCheckpointStore } from './checkpoint/sqlite.js'
export type { CheckpointOwner } from './checkpoint/sqlite-tables.js'
export { type CtErrorCode, type CtErrorContext, CtStreamError } from './errors.js'
export { decodeCertificate, getEntry, probeLog } from './lookup/index.js'
export { ctStream } from './stream/ct-stream.js'
export { DEFAULTS } from './stream/settings.js'
export type { CtCertificate } from './types/certificate.js'
export type {
  BasicConstraints,
  CertificatePolicy,
  ExtendedKeyUsage,
  Extension,
  KeyUsageName,
  PublicKeyInfo,
  SignatureAlgorithm,
  ValidationLevel,
} from './types/certificate-fields.js'
export type { CertificateJson, NameJson } from './types/certificate-json.js'
export type { CertificateKind } from './types/certificate-kind.js'
export type {
  CertStreamCertificate,
  CertStreamDomains,
  CertStreamExtensions,
  CertStreamForm,
  CertStreamMessage,
  CertStreamName,
  CertStreamUpdate,
} from './types/certstream.js'
export type {
  CheckpointJson,
  CheckpointStore,
  Evidence,
  Gap,
  HeadJson,
  LogCheckpoint,
  LogCondition,
  StoredList,
} from './types/checkpoint.js'
export type { Clock, Logger } from './types/clock.js'
export type * from './types/evidence.js'
export type { DedupeBy, DedupeOption, Filter } from './types/filter.js'
export type {
  AwaitedEnd,
  Cosignature,
  LogInfo,
  LogKind,
  LogSpec,
  LogState,
  Rfc6962LogSpec,
  SignedHead,
  StaticCtLogSpec,
  TimestampedCosignature,
  UnknownCosignature,
} from './types/log.js'
export type {
  FinalTreeHead,
  ListedLog,
  ListedLogFacts,
  ListedState,
  ListProblem,
  LogAddress,
  LogList,
  LogListOperator,
  LogListRfc6962Log,
  LogListTiledLog,
  LogSelection,
  LogType,
  TemporalInterval,
} from './types/log-list.js'
export type { DecodeOptions, LogProbe, LookupOptions, ProvenCertificate } from './types/lookup.js'
export type { GeneralName, Name, NameAttribute } from './types/name.js'
export type { Problem, ProblemCode } from './types/problem.js'
export type { KeyedLog, LogKeys, Sct, SctVerification } from './types/sct.js'
export type { BatchOptions, CertificateIterator, CtStream, FollowedLog, ReadableOptions } from './types/stream.js'
export type { CtStreamEvents } from './types/stream-events.js'
export type {
  AcknowledgeOption,
  CommitPolicy,
  ConcurrencyOption,
  CtStreamOptions,
  EndOption,
  MisbehaviourOption,
  RequestDispatcher,
  StartOption,
  VerifyOption,
} from './types/stream-options.js'
export type { LogStatus, StreamStatus } from './types/stream-status.js'
export { evidenceToJSON } from './verify/evidence-json.js'
export { type VerifyEvidenceOptions, verifyEvidence } from './verify/verify-evidence.js'
export { VERSION } from './version.js'
export { isCosignedBy } from './wire/cosignature.js'
