import type { Command, CommandContext } from '../command.js'
import { flagsNamed, reportFlags } from '../flags/flags.js'
import { hasModules, moduleFlag, moduleThreadsFlag } from '../flags/module-flag.js'
import { type Role, roleNames, runFlags } from '../flags/run-flags.js'
import { serverFlags } from '../flags/serve-flags.js'
import { usageError } from '../flags/usage-error.js'
import type { Values } from '../flags/values.js'
import { leaseFrom } from '../flags/when.js'
import { memberFrom } from '../member.js'

const DEFAULT_LEASE_MS = 15_000

/** `ct-stream run`: one of several processes that share the work. */
export const run: Command = {
  name: 'run',
  summary:
    'One of several processes that share the logs through a database or Kafka; when one stops, another takes over.',
  positionals: [],
  flags: [
    ...runFlags,
    ...flagsNamed('log-list', 'operator', 'log-name', 'kind', 'log', 'key', 'submission-url', 'start', 'merge-delay'),
    ...flagsNamed('domain', 'domains-file', 'match', 'issuer', 'only', 'verify', 'on-misbehaviour'),
    ...flagsNamed('contact', 'proxy', 'allow-http'),
    moduleFlag,
    moduleThreadsFlag,
    ...serverFlags,
    ...reportFlags,
  ],
  examples: [
    ['ct-stream run --db postgres://localhost/ct', 'everything in one process; start more of them for failover'],
    ['ct-stream run --role collector --db postgres://db/ct --host 0.0.0.0', 'reads logs; /readyz and /metrics'],
    [
      'ct-stream run --role processor --module ./mine.js --db postgres://db/ct',
      'what collectors wrote (?queue=true) to modules',
    ],
    ['ct-stream run --db kafka://broker:9092/ct', 'the same on Kafka'],
    [
      'ct-stream run --role processor --module ./mine.js --db redis://host:6379',
      'what a sink wrote to Redis (?body=leaf) to modules',
    ],
    ['ct-stream run --role api --db postgres://db/ct --port 8080', 'answers /api/v1 from the database'],
  ],
  whenStopped: 'done',
  run: runRoles,
}

async function runRoles(context: CommandContext): Promise<void> {
  const { values } = context
  const db = values.text('db')
  if (db === undefined) throw usageError('ct-stream run needs --db: the engine that all processes share')
  const roles = rolesFrom(values, hasModules(context))
  const { startRoles } = await import('../roles/start.js')
  await startRoles({ context, roles, db, member: memberFrom(values), leaseMs: leaseFrom(values) ?? DEFAULT_LEASE_MS })
}

function rolesFrom(values: Values, withModules: boolean): ReadonlySet<Role> {
  const named = values.list('role').flatMap((text) => text.split(',').map((name) => name.trim()))
  const isPossible = (name: Role) => name !== 'processor' || withModules
  if (named.length === 0) return new Set(roleNames.filter(isPossible))
  if (named.includes('processor') && !withModules)
    throw usageError(`${values.from('role')} processor needs --module, or modules in the config file`)
  // A config file may be for processes of all roles.
  if (values.has('module') && !named.includes('processor'))
    throw usageError(`${values.from('module')} goes with the role processor: no other runs modules`)
  return new Set(
    named.map(
      (name) => roleNames.find((known) => known === name) ?? values.refuse('role', `of ${roleNames.join(', ')}`, name),
    ),
  )
}
