import { afterEach } from 'vitest'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

/** Closed after the test, the last one first. */
export function closing<T extends { close(): Promise<unknown> }>(one: T): T {
  open.push(one)
  return one
}
