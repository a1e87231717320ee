import type { ServerHealth } from '../../server/options.js'
import type { Clock } from '../../types/clock.js'
import { elapsedOf } from '../../util/clock.js'
import type { Role } from '../flags/run-flags.js'

/** Longer than the timeout of a query to a database that hangs. Milliseconds. */
const PATIENCE_MS = 90_000

/**
 * Health of a process with roles. An unreachable database is not an illness of the process, because restarting it would not help.
 */
export class RoleHealth implements ServerHealth {
  private readonly elapsed: () => number
  private readonly leaseMs: number
  /** When each role last queried the database, and when it last got an answer. */
  private readonly roles: Map<Role, { askedAt: number; answeredAt: number | undefined }>

  constructor(clock: Clock, leaseMs: number, roles: Iterable<Role>) {
    this.elapsed = elapsedOf(clock)
    this.leaseMs = leaseMs
    this.roles = new Map([...roles].map((role) => [role, { askedAt: this.elapsed(), answeredAt: undefined }]))
  }

  /** Notes a role's regular query to the database. */
  asked(role: Role, isAnswered: boolean): void {
    const now = this.elapsed()
    this.roles.set(role, { askedAt: now, answeredAt: isAnswered ? now : this.roles.get(role)?.answeredAt })
  }

  illness(): string | undefined {
    const now = this.elapsed()
    for (const [role, { askedAt }] of this.roles)
      if (now - askedAt > this.leaseMs + PATIENCE_MS) return `the role ${role} is held up`
    return undefined
  }

  unready(): string | undefined {
    const now = this.elapsed()
    for (const { answeredAt } of this.roles.values()) {
      if (answeredAt === undefined) return 'the database has not answered yet'
      if (now - answeredAt > this.leaseMs) return 'the database does not answer'
    }
    return undefined
  }
}
