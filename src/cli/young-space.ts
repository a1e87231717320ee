import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** MB of a semi-space. With 32 a command takes 40 MB more, with 8 as much memory for more CPU (`test/bench/README.md`). */
const MOST_MB = 16
/** … at the start of a worker thread, whose space cannot grow while that of the first thread is held. */
const WORKER_MB = 8
/** The space is as large as it may become: V8 counts some kilobytes for itself. */
const FULL_BYTES = (MOST_MB - 1) * 2 ** 20

/**
 * Keeps V8's space for young objects at 2 x 16 MB, which is what Node 20 and 22 allow. Node 24 lets it grow to 2 x 64 MB, a third of
 * the memory of the process, which saves about 5 % of the CPU.
 *
 * V8 reads `--max-semi-space-size` only when it makes a heap, which is before the first line of a program. But it asks each time by what factor
 * to grow: so the factor becomes 1 when the space is large enough, and 2 again when V8 has made it smaller in a quiet hour.
 *
 * Flags are those of the whole process, so this is for programs, not for libraries.
 *
 * @param flags - Flags that Node was started with. Does nothing where they set the size of the space.
 */
export function holdYoungSpace(flags: readonly string[]): void {
  // Node takes `_` for `-`.
  if (flags.some((flag) => /semi[-_]space/.test(flag))) return
  setFlagsFromString(`--max-semi-space-size=${MOST_MB}`)
  setFlagsFromString(`--min-semi-space-size=${WORKER_MB}`)
  let isHeld = false
  // Called once in a turn of the event loop, and only when there was garbage: an idle process is not woken.
  const observer = new PerformanceObserver(() => {
    const isFull = youngCapacity() >= FULL_BYTES
    if (isFull === isHeld) return
    isHeld = isFull
    setFlagsFromString(`--semi-space-growth-factor=${isFull ? 1 : 2}`)
  })
  observer.observe({ type: 'gc' })
}

/** Bytes of one semi-space; `space_size` counts both, or one of them, depending on the version of Node. */
function youngCapacity(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  return space === undefined ? 0 : space.space_used_size + space.space_available_size
}
