import { Registry } from 'prom-client'
import type { ModuleRun } from '../modules/run-modules.js'
import { registerModuleMetrics } from './module-metrics.js'
import { registerProcessMetrics } from './process-metrics.js'
import { type MetricsSource, registerMetrics } from './stream-metrics.js'

let processRegistry: Registry | undefined

/**
 * One for the process: what measures the event loop and garbage collection is never taken down, and a program may open and close many
 * servers.
 */
function ofProcess(): Registry {
  if (processRegistry === undefined) {
    processRegistry = new Registry()
    registerProcessMetrics(processRegistry)
  }
  return processRegistry
}

/** What one program answers at `/metrics`: its own metrics, and those of the stream it reads now. */
export class Exposition {
  /** Of what lasts as long as this. */
  readonly own = new Registry()
  private streams = new Registry()

  get contentType(): string {
    return this.own.contentType
  }

  /** Takes the place of the stream before it, and of its modules. */
  attach(stream: MetricsSource): void {
    this.streams = new Registry()
    registerMetrics(stream, this.streams)
  }

  /** Modules that the stream goes through. */
  attachModules(run: Pick<ModuleRun, 'status'>): void {
    registerModuleMetrics(run, this.streams)
  }

  text(): Promise<string> {
    return Registry.merge([ofProcess(), this.own, this.streams]).metrics()
  }
}
