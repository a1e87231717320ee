import type { Flag } from './flags.js'

/** A CertStream server instead of logs: what says which logs, from where to where and how they are asked has no meaning then. */
export const sourceFlag: Flag = {
  name: 'source',
  type: 'text',
  value: 'URL',
  help: 'certificates from a CertStream server instead of logs, such as wss://HOST/full-stream: not verified, no positions kept',
  group: 'Which logs:',
  conflicts: [
    'log-list',
    'operator',
    'log-name',
    'kind',
    'log',
    'key',
    'submission-url',
    'start',
    'end',
    'merge-delay',
    'end-patience',
    'checkpoint',
    'verify',
    'on-misbehaviour',
    'workers',
    'contact',
  ],
}
