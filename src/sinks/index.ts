// `ct-stream/sinks`: entries into engines, and out of them again.
export type {
  Coordinator,
  Lease,
  ParkedMessage,
  QueueSource,
  Renewal,
  Sink,
  SinkGuarantee,
  Watermark,
} from '../types/cluster.js'
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
