// `ct-stream/cluster`: several processes that share the logs among them.
export type { Coordinator, Lease, Renewal } from '../types/cluster.js'
export { type CollectorOptions, runCollector } from './collector.js'
export { type KafkaCoordinatorOptions, kafkaCoordinator } from './kafka.js'
export { type PostgresCoordinatorOptions, postgresCoordinator } from './postgres.js'
