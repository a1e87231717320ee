import { Registry } from 'prom-client'
import type { ModuleRun } from '../modules/run-modules.js'
import { registerModuleMetrics } from './module-metrics.js'
import { registerProcessMetrics } from './process-metrics.js'
import { type MetricsSource, registerMetrics } from './stream-metrics.js'

let processRegistry: Registry | undefined

/**
 * One registry for the process: the observers of the event loop and garbage collection cannot be removed, and a program may open and close
 * many servers.
 */
function ofProcess(): Registry {
  if (processRegistry === undefined) {
    processRegistry = new Registry()
    registerProcessMetrics(processRegistry)
  }
  return processRegistry
}

/** The metrics of a program at `/metrics`: its own, and those of its present stream. */
export class Exposition {
  /** Metrics that last as long as this object. */
  readonly own = new Registry()
  private streams = new Registry()

  get contentType(): string {
    return this.own.contentType
  }

  /** Replaces the previous stream and its modules. */
  attach(stream: MetricsSource): void {
    this.streams = new Registry()
    registerMetrics(stream, this.streams)
  }

  /** Adds the modules that the stream goes through. */
  attachModules(run: Pick<ModuleRun, 'status'>): void {
    registerModuleMetrics(run, this.streams)
  }

  text(): Promise<string> {
    return Registry.merge([ofProcess(), this.own, this.streams]).metrics()
  }
}
