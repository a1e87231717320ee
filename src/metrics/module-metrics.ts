import type { Registry } from 'prom-client'
import type { ModuleRun } from '../modules/run-modules.js'
import type { ModuleState, ModuleStatus } from '../modules/status.js'
import { counter, gauge, oncePerTurn, type Sample, single } from './families.js'

const states: readonly ModuleState[] = [
  ...(['waiting', 'setting-up', 'running', 'hung', 'draining', 'stopped', 'failed'] as const),
]

/**
 * Adds the metrics of modules, including outputs, to a registry of prom-client: `ct_stream_module_*`, labelled with the name of each use.
 *
 * @throws Error of prom-client when the registry has metrics of modules already: each run needs a registry of its own.
 */
export function registerModuleMetrics(run: Pick<ModuleRun, 'status'>, registry: Registry): void {
  const status = oncePerTurn(() => run.status())
  const ofModules = (read: (module: ModuleStatus) => number) =>
    function* (): Generator<Sample<'module'>> {
      for (const module of status().modules) yield [{ module: module.name }, read(module)]
    }
  const count = (name: string, help: string, read: (module: ModuleStatus) => number) =>
    counter(registry, { name: `module_${name}`, help, labels: ['module'], read: ofModules(read) })
  const measure = (name: string, help: string, read: (module: ModuleStatus) => number) =>
    gauge(registry, { name: `module_${name}`, help, labels: ['module'], read: ofModules(read) })
  count('certificates_total', 'Certificates that a module has finished.', (m) => m.certificates)
  count('findings_total', 'Findings of earlier modules that a module has finished.', (m) => m.findings)
  count('emitted_findings_total', 'Findings that a module reported, without repeats.', (m) => m.emitted)
  count(
    'repeated_findings_total',
    'Findings that a module reported and that had been reported before.',
    (m) => m.repeats,
  )
  count('dropped_total', 'Certificates and findings that a module did not get, its queue being full.', (m) => m.dropped)
  count(
    'skipped_total',
    'Certificates and findings that were given up after a module failed for them.',
    (m) => m.skipped,
  )
  count(
    'dead_letters_total',
    'Findings that an output could not deliver and put aside, as the file of its option deadLetters.',
    (m) => m.deadLetters,
  )
  count('errors_total', 'Calls of a module that failed or timed out.', (m) => m.errors)
  count('retries_total', 'Calls of a module for work that had failed before.', (m) => m.retries)
  count('timeouts_total', 'Calls of a module that took too long.', (m) => m.timeouts)
  measure('queued_entries', 'Certificates and findings that wait for a module.', (m) => m.queuedEntries)
  measure('queued_bytes', 'Estimated bytes of what waits for a module.', (m) => Math.max(0, Math.round(m.queuedBytes)))
  gauge(registry, {
    name: 'module_state',
    help: 'What a module is doing: 1 for its state, 0 for the others.',
    labels: ['module', 'state'],
    *read() {
      for (const { name, state } of status().modules)
        for (const one of states) yield [{ module: name, state: one }, one === state ? 1 : 0]
    },
  })
  gauge(registry, {
    name: 'modules_unacknowledged_entries',
    help: 'Certificates that some module that is waited for has not finished.',
    read: () => single(status().unacknowledged),
  })
}
