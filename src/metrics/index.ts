export { registerModuleMetrics } from './module-metrics.js'
export { registerProcessMetrics } from './process-metrics.js'
export { type MetricsSource, registerMetrics } from './stream-metrics.js'
