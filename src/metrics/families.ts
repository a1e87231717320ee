import { Counter, Gauge, type Registry } from 'prom-client'

/** One value with its labels; left out of the answer where it is `undefined`: nobody knows it. */
export type Sample<Label extends string> = readonly [labels: Record<Label, string>, value: number | undefined]

export interface Family<Label extends string> {
  /** Without the `ct_stream_` that all begin with. */
  readonly name: string
  readonly help: string
  readonly labels?: readonly Label[]
  /** Called when somebody asks for metrics. */
  readonly read: () => Iterable<Sample<Label>>
}

const PREFIX = 'ct_stream_'

/** What can go up and down. */
export function gauge<Label extends string = never>(registry: Registry, family: Family<Label>): void {
  new Gauge({
    ...common(registry, family),
    collect() {
      this.reset()
      for (const [labels, value] of family.read()) if (value !== undefined) this.set(labels, value)
    },
  })
}

/** What only grows while the program runs; `read` gives the sums, which are counted elsewhere. */
export function counter<Label extends string = never>(registry: Registry, family: Family<Label>): void {
  new Counter({
    ...common(registry, family),
    collect() {
      this.reset()
      for (const [labels, value] of family.read()) if (value !== undefined) this.inc(labels, value)
    },
  })
}

function common<Label extends string>(registry: Registry, { name, help, labels = [] }: Family<Label>) {
  return { name: `${PREFIX}${name}`, help, labelNames: [...labels], registers: [registry] }
}

/** A value without labels. */
export function single(value: number | undefined): Iterable<Sample<never>> {
  return [[{}, value]]
}

/**
 * The same answer for all who ask in one turn of the event loop: a registry asks its metrics one after the other, and each would look at
 * everything again.
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
