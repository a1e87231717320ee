import { Counter, Gauge, type Registry } from 'prom-client'

/** One value with its labels; left out of the answer when it is `undefined`, which means unknown. */
export type Sample<Label extends string> = readonly [labels: Record<Label, string>, value: number | undefined]

export interface Family<Label extends string> {
  /** Without the prefix `ct_stream_`. */
  readonly name: string
  readonly help: string
  readonly labels?: readonly Label[]
  /** Called at each scrape. */
  readonly read: () => Iterable<Sample<Label>>
}

const PREFIX = 'ct_stream_'

/** Adds a metric that can go up and down. */
export function gauge<Label extends string = never>(registry: Registry, family: Family<Label>): void {
  new Gauge({
    ...common(registry, family),
    collect() {
      clear(this)
      for (const [labels, value] of family.read()) if (value !== undefined) this.set(labels, value)
    },
  })
}

/** Adds a metric that only grows while the program runs; `read` returns totals, which are counted elsewhere. */
export function counter<Label extends string = never>(registry: Registry, family: Family<Label>): void {
  new Counter({
    ...common(registry, family),
    collect() {
      clear(this)
      for (const [labels, value] of family.read()) if (value !== undefined) this.inc(labels, value)
    },
  })
}

/** One without labels is 0 after a reset: what is unknown must not look like nothing. */
function clear(metric: Gauge | Counter): void {
  metric.reset()
  metric.remove({})
}

function common<Label extends string>(registry: Registry, { name, help, labels = [] }: Family<Label>) {
  return { name: `${PREFIX}${name}`, help, labelNames: [...labels], registers: [registry] }
}

/** A value without labels. */
export function single(value: number | undefined): Iterable<Sample<never>> {
  return [[{}, value]]
}

/**
 * Caches an answer for one turn of the event loop: a registry reads its metrics one after the other, and each would compute everything
 * again.
 */
export function oncePerTurn<T>(read: () => T): () => T {
  let known: { readonly value: T } | undefined
  return () => {
    if (known === undefined) {
      known = { value: read() }
      queueMicrotask(() => {
        known = undefined
      })
    }
    return known.value
  }
}
