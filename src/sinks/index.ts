// `ct-stream/sinks`: entries into engines.
export type {
  Coordinator,
  Lease,
  Renewal,
  Sink,
  SinkGuarantee,
} from '../types/cluster.js'
export type { DocumentOptions } from './entry-document.js'
export {
  type ContextOf,
  type EntryMessage,
  MESSAGE_VERSION,
  type MessageBody,
  MessageEncoder,
  type MessageFacts,
  type MessageOptions,
} from './message.js'
export { openSink } from './open-sink.js'
export { type PumpOptions, pump } from './pump.js'
export { type DecodedMessage, decodeMessage, type MessageHeaders, type RefusedMessage } from './read-message.js'
