/** The work of each key that comes last. */
const last = new Map<string, Promise<void>>()

/**
 * Does work of one key after the other, in the order of the calls, wherever in the process they come from.
 *
 * @returns What `work` returns. Work that fails does not keep back what comes after it.
 */
export function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = last.get(key)
  const result = before === undefined ? work() : before.then(work)
  const end: Promise<void> = result.then(
    () => leave(key, end),
    () => leave(key, end),
  )
  last.set(key, end)
  return result
}

function leave(key: string, end: Promise<void>): void {
  if (last.get(key) === end) last.delete(key)
}
