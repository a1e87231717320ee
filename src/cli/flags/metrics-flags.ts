import type { Flag } from './flags.js'

const GROUP = 'Metrics:'

/** Flags of commands that follow logs without a server. */
export const metricsFlags: readonly Flag[] = [
  {
    name: 'metrics-port',
    type: 'text',
    value: 'N',
    help: 'answer Prometheus at http://127.0.0.1:N/metrics, 0 for a free port',
    group: GROUP,
  },
  {
    name: 'metrics-host',
    type: 'text',
    value: 'ADDRESS',
    help: 'address of --metrics-port (default 127.0.0.1: this machine alone)',
    group: GROUP,
  },
]
