import { type Flag, findingFormatFlag, flagsNamed } from './flags.js'

const NAMES = 'Which names:'
const ALERTS = 'Where alerts go (default stdout):'

/**
 * What is watched and where alerts go. A config file says it as modules (`ct-stream watch --init` writes one): a file that only lies in the
 * working directory can neither run a program nor send anything anywhere.
 */
export const watchFlags: readonly Flag[] = [
  {
    name: 'brand',
    type: 'list',
    value: 'NAME',
    help: "a name of yours whose look-alikes are reported (default: the domain's; - for none)",
    group: NAMES,
    isFlagOnly: true,
  },
  {
    name: 'brand-list',
    type: 'list',
    value: 'FILE|URL',
    help: 'more brands, reloaded when it changes: lines such as «Example: example, exmpl, example.com», or a JSON array',
    group: NAMES,
    isFlagOnly: true,
  },
  {
    name: 'score',
    type: 'text',
    value: 'N',
    help: 'report look-alikes from this score, 0 to 100 (default 60)',
    group: NAMES,
    isFlagOnly: true,
  },
  {
    name: 'allow',
    type: 'list',
    value: 'DOMAIN',
    help: 'a domain that is no look-alike, nor is any name below it',
    group: NAMES,
    isFlagOnly: true,
  },
  {
    name: 'list',
    type: 'list',
    value: 'FILE|URL',
    help: 'more names of yours, one a line, reloaded when it changes; words:FILE and patterns:FILE hold words and patterns',
    group: NAMES,
    isFlagOnly: true,
  },
  {
    name: 'expected-issuer',
    type: 'list',
    value: 'ISSUER',
    help: 'who issues for your names: an organization, key:SHA-256 or id:KEYID; any other is an alert of high severity',
    group: NAMES,
    isFlagOnly: true,
  },
  {
    name: 'webhook',
    type: 'text',
    value: 'URL',
    help: 'POST them there: JSON, or what Slack, Discord and Teams take',
    group: ALERTS,
    isFlagOnly: true,
  },
  {
    name: 'exec',
    type: 'text',
    value: 'PROGRAM',
    help: 'run a program for each: JSON on its stdin, CT_FINDING_… variables, no shell',
    group: ALERTS,
    isFlagOnly: true,
  },
  {
    name: 'exec-arg',
    type: 'list',
    value: 'ARG',
    help: 'an argument of --exec',
    group: ALERTS,
    isFlagOnly: true,
  },
  { name: 'mail', type: 'list', value: 'ADDRESS', help: 'send them by e-mail', group: ALERTS, isFlagOnly: true },
  {
    name: 'smtp',
    type: 'text',
    value: 'URL',
    help: 'mail server of --mail: smtps://user:password@host; better as CT_STREAM_SMTP',
    group: ALERTS,
    isFlagOnly: true,
  },
  {
    name: 'jsonl',
    type: 'text',
    value: 'FILE',
    help: 'append them to a file as JSON lines',
    group: ALERTS,
    isFlagOnly: true,
  },
  { ...findingFormatFlag, note: 'alerts on stdout' },
  {
    name: 'demo',
    type: 'switch',
    help: 'show an alert at once, from embedded logs: works offline',
    isFlagOnly: true,
    conflicts: ['init'],
  },
  {
    name: 'init',
    type: 'switch',
    help: 'write a config file that does the same, and end: ct-stream --config FILE',
    isFlagOnly: true,
  },
  {
    name: 'sample',
    type: 'text',
    value: 'N',
    help: 'of watch test: certificates to read for the estimate, 0 for none (default 20000)',
    isFlagOnly: true,
  },
]

/** Flags of the stream that have a meaning where everything is watched. */
export const watchedStreamFlags: readonly Flag[] = flagsNamed(
  ...['log-list', 'operator', 'log-name', 'kind', 'log', 'key', 'submission-url'],
  ...['start', 'end', 'merge-delay', 'limit', 'end-patience', 'checkpoint', 'no-checkpoint'],
  ...['verify', 'on-misbehaviour', 'contact', 'proxy', 'allow-http'],
)
