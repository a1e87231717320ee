// `ct-stream/processors`: entries out of engines that sinks have filled, for modules in several processes.
export type {
  ParkedEntry,
  ParkReason,
  QueueGap,
  QueueLogStatus,
  QueueSource,
  QueueSourceOptions,
  QueueStatus,
  Watermark,
} from '../types/queue.js'
export { openParked, type ParkedEntries } from './parked-entries.js'
export { queueSource } from './queue-source.js'
export { type Judgement, judge, type MessagePlace } from './watermark.js'
