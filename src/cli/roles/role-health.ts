import type { ServerHealth } from '../../server/options.js'
import type { Clock } from '../../types/clock.js'
import type { Lease } from '../../types/cluster.js'
import { elapsedOf } from '../../util/clock.js'

/** Longer than a question to a database that hangs takes. Milliseconds. */
const patienceMs = 90_000

/**
 * What a process with a role says of itself. That the database is away is no illness: it would not come back by starting anew.
 */
export class RoleHealth implements ServerHealth {
  private readonly elapsed: () => number
  private readonly leaseMs: number
  private turnedAt: number
  private heldAt: number | undefined

  constructor(clock: Clock, leaseMs: number) {
    this.elapsed = elapsedOf(clock)
    this.leaseMs = leaseMs
    this.turnedAt = this.elapsed()
  }

  /** The leases were to be renewed. @param held - `undefined`: nobody answered. */
  turned(held: readonly Lease[] | undefined): void {
    this.turnedAt = this.elapsed()
    if (held !== undefined) this.heldAt = this.turnedAt
  }

  illness(): string | undefined {
    return this.elapsed() - this.turnedAt > this.leaseMs + patienceMs ? 'the leases are not renewed' : undefined
  }

  unready(): string | undefined {
    if (this.heldAt === undefined) return 'the database has not answered yet'
    return this.elapsed() - this.heldAt > this.leaseMs ? 'the database does not answer' : undefined
  }
}
