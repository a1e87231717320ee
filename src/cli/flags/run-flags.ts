import type { Flag } from './flags.js'

export const roleNames = ['collector', 'processor', 'api'] as const
export type Role = (typeof roleNames)[number]

const GROUP = 'The database and other processes:'

/** Where a `--sink` writes to Postgres, and processes share what they read. */
export const databaseFlag: Flag = {
  name: 'db',
  type: 'text',
  value: 'URL',
  help: 'the database that the processes share, or that of a --sink: postgres://HOST/DATABASE; some commands also kafka://HOST:PORT/PREFIX',
  group: GROUP,
}

export const memberFlag: Flag = {
  name: 'member',
  type: 'text',
  value: 'NAME',
  help: 'name of this process among the others (default that of the machine)',
  group: GROUP,
}

export const leaseFlag: Flag = {
  name: 'lease',
  type: 'text',
  value: 'TIME',
  help: 'how long a silent process keeps its logs, the same for all processes (default 15s)',
  group: GROUP,
}

export const groupFlag: Flag = {
  name: 'group',
  type: 'text',
  value: 'NAME',
  help: 'processors of one group share the work, each group gets everything (default processors)',
  group: GROUP,
}

/** Of `ct-stream run`, beside those of the stream and of a server. */
export const runFlags: readonly Flag[] = [
  databaseFlag,
  {
    name: 'role',
    type: 'list',
    value: 'ROLE',
    help: `what this process does: ${roleNames.join(', ')}; several with commas (default all, processor where there are modules)`,
    group: GROUP,
  },
  {
    name: 'shard-by',
    type: 'text',
    value: 'WHAT',
    choices: ['operator', 'log'],
    help: 'what a process takes as a unit: all logs of an operator, or one log; applies to new logs only (default operator)',
    group: GROUP,
  },
  groupFlag,
  {
    name: 'for-processors',
    type: 'switch',
    help: 'write whole entries for processors that are other processes (as ?queue=true of Postgres, ?body=leaf of Kafka)',
    group: GROUP,
  },
  memberFlag,
  leaseFlag,
]
