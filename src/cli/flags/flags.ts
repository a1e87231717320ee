/** One flag, which is also the variable `CT_STREAM_<NAME>` and the key `<name>` of a config file. */
export interface Flag {
  /** Kebab-case, without dashes. */
  readonly name: string
  /** `switch` takes no value, `text` one, `list` may be repeated. */
  readonly type: 'switch' | 'text' | 'list'
  /** Placeholder of the value in the help. */
  readonly value?: string
  /** One letter, without dash. */
  readonly short?: string
  /** The same for every command that has the flag. */
  readonly help: string
  /** What one command adds to the help. */
  readonly note?: string
  /** Heading in the help. Default `Flags:`. */
  readonly group?: string
  /** Values for completion by the shell; the command itself checks the value. */
  readonly choices?: readonly string[]
  /** Names of flags that exclude this one. In different layers the nearer flag wins. */
  readonly conflicts?: readonly string[]
  /** Whether it is not a key of the config file. */
  readonly isFlagOnly?: boolean
}

const GENERAL = 'General:'

/** Flags every command has. */
export const commonFlags: readonly Flag[] = [
  { name: 'help', type: 'switch', short: 'h', help: 'show this help', group: GENERAL },
  { name: 'version', type: 'switch', short: 'V', help: 'show the version', group: GENERAL },
  {
    name: 'config',
    type: 'text',
    value: 'FILE',
    help: 'read flags from a JSON, JS or TypeScript file (default ct-stream.config.json)',
    group: GENERAL,
  },
]

export const formatNames = [
  ...([
    'text',
    'json',
    'pretty',
    'domains',
    'certstream',
    'certstream-lite',
    'certstream-domains',
    'template',
  ] as const),
] as const

const OUTPUT = 'Output:'

const formatFlag: Flag = {
  name: 'format',
  type: 'text',
  value: 'FORMAT',
  choices: formatNames,
  help: 'text, json, pretty, domains, certstream, certstream-lite, certstream-domains or template (default: text on a terminal, else json)',
  group: OUTPUT,
}

/** How findings are shown; they have only these formats. */
export const findingFormatFlag: Flag = {
  ...formatFlag,
  choices: ['text', 'json'],
  help: 'text or json (default: text on a terminal, else json)',
}

/** How certificates are shown. */
export const formatFlags: readonly Flag[] = [
  formatFlag,
  {
    name: 'template',
    type: 'text',
    value: 'TEXT',
    help: "a line with {fields} of the JSON form, such as '{index} {subject.commonName} {dnsNames}'",
    group: OUTPUT,
  },
]

/** How single certificates are shown: with room for every field. */
export const detailFormatFlags: readonly Flag[] = formatFlags.map((flag) =>
  flag.name === 'format' ? { ...flag, note: 'on a terminal pretty' } : flag,
)

const MESSAGES = 'Messages on stderr:'

/** How much is said on stderr. */
export const reportFlags: readonly Flag[] = [
  { name: 'quiet', type: 'switch', short: 'q', help: 'no status line, errors only', group: MESSAGES },
  {
    name: 'log-level',
    type: 'text',
    value: 'LEVEL',
    choices: ['silent', 'error', 'warn', 'info', 'debug'],
    help: 'silent, error, warn, info or debug (default warn)',
    group: MESSAGES,
  },
  {
    name: 'log-format',
    type: 'text',
    value: 'FORMAT',
    choices: ['text', 'json'],
    help: 'text or json: messages as JSON lines with time, level, code (default text)',
    group: MESSAGES,
  },
]

const LOGS = 'Which logs:'
const RANGE = 'From where to where:'
const MEMORY = 'What is remembered:'
const CERTIFICATES = 'Which certificates:'
const REQUESTS = 'How the logs are asked:'

/** Flags that select from lists, which a log named by `--log` excludes. */
const selection = ['log-list', 'operator', 'log-name', 'kind']

/** When to stop by count. */
export const limitFlag: Flag = {
  name: 'limit',
  type: 'text',
  value: 'N',
  short: 'n',
  help: 'stop after N certificates',
  group: RANGE,
}

/** Commands that never keep positions accept it, too, so that a set of flags works with all of them. */
export const noCheckpointFlag: Flag = {
  name: 'no-checkpoint',
  type: 'switch',
  help: 'keep no positions',
  group: MEMORY,
}

/** Default of `--end-patience`, milliseconds. Equals the library's default, which would have to be loaded for it. */
export const DEFAULT_END_PATIENCE_MS = 60_000

export const logKeyFlag: Flag = {
  name: 'key',
  type: 'list',
  value: 'KEY',
  help: 'public key of a log: base64 (SubjectPublicKeyInfo), PEM, or a FILE with it',
  group: LOGS,
}

/** Which logs to read, from where to where, and which certificates. */
export const streamFlags: readonly Flag[] = [
  {
    name: 'log-list',
    type: 'list',
    value: 'URL|FILE',
    help: "log lists to merge (default Chrome's and Apple's)",
    group: LOGS,
  },
  { name: 'operator', type: 'list', value: 'NAME', help: 'only logs of this operator', group: LOGS },
  {
    name: 'log-name',
    type: 'list',
    value: 'NAME',
    help: 'only the log with this id, URL or (beginning of a) name, such as argon2026h1',
    group: LOGS,
  },
  {
    name: 'kind',
    type: 'list',
    value: 'KIND',
    choices: ['rfc6962', 'static-ct'],
    help: 'only rfc6962 or only static-ct logs',
    group: LOGS,
  },
  {
    name: 'log',
    type: 'list',
    value: 'URL|FILE',
    help: 'read this log instead of a list: its URL, with --key unless it serves a log.v3.json; or URL or FILE of that',
    group: LOGS,
    conflicts: selection,
  },
  { ...logKeyFlag, note: 'one for each --log', conflicts: selection },
  {
    name: 'submission-url',
    type: 'list',
    value: 'URL',
    help: 'of a static-ct log, whose --log is its monitoring URL; - for an RFC 6962 log',
    group: LOGS,
    conflicts: selection,
  },
  {
    name: 'start',
    type: 'text',
    value: 'WHERE',
    choices: ['now', 'beginning'],
    help: 'now, beginning, an index, a time, or 2h, 7d ago (default now)',
    group: RANGE,
  },
  {
    name: 'end',
    type: 'text',
    value: 'WHERE',
    choices: ['never', 'head'],
    help: 'never, head, an index or a time (default never)',
    group: RANGE,
  },
  {
    name: 'merge-delay',
    type: 'text',
    value: 'TIME',
    help: "with a time in --start or --end: how late a log may merge entries, such as 10m (default the log's maximum)",
    group: RANGE,
  },
  limitFlag,
  {
    name: 'end-patience',
    type: 'text',
    value: 'SECONDS',
    help: 'with --end or --limit: how long to wait for a log that does not answer (default 60)',
    group: RANGE,
  },
  {
    name: 'checkpoint',
    type: 'text',
    value: 'FILE',
    help: 'where positions are kept (default ct-stream.db)',
    group: MEMORY,
    conflicts: ['no-checkpoint'],
  },
  noCheckpointFlag,
  {
    name: 'domain',
    type: 'list',
    value: 'PATTERN',
    help: 'only example.com and below; =example.com, *.example.com',
    group: CERTIFICATES,
  },
  {
    name: 'domains-file',
    type: 'text',
    value: 'FILE',
    help: 'patterns of --domain, one a line',
    group: CERTIFICATES,
  },
  {
    name: 'match',
    type: 'text',
    value: 'REGEX',
    help: 'only certificates with a DNS name that matches',
    group: CERTIFICATES,
  },
  {
    name: 'issuer',
    type: 'list',
    value: 'TEXT',
    help: 'only of issuers whose name contains this',
    group: CERTIFICATES,
  },
  {
    name: 'only',
    type: 'text',
    value: 'KIND',
    choices: ['certificates', 'precertificates'],
    help: 'certificates or precertificates; leaves out what cannot be parsed',
    group: CERTIFICATES,
  },
  {
    name: 'dedupe',
    type: 'text',
    value: 'BY',
    choices: ['certificate', 'issuance'],
    help: 'certificate or issuance: show each once; an issuance is a precertificate with its certificate',
    group: CERTIFICATES,
  },
  {
    name: 'verify',
    type: 'text',
    value: 'HOW',
    choices: ['full', 'signatures-only', 'none-unverified'],
    help: 'full, signatures-only or none-unverified (default full)',
    group: CERTIFICATES,
  },
  {
    name: 'on-misbehaviour',
    type: 'text',
    value: 'HOW',
    choices: ['stop-log', 'continue-unverified'],
    help: 'with a log that misbehaves: stop-log (default), or continue-unverified: show what it serves as not verified',
    group: CERTIFICATES,
  },
  {
    name: 'workers',
    type: 'text',
    value: 'N',
    help: 'threads that read pages (default with --end: cores - 2, at most 4; else none)',
    group: REQUESTS,
  },
  {
    name: 'contact',
    type: 'text',
    value: 'ADDRESS',
    help: 'your e-mail address or URL, for the operators of the logs',
    group: REQUESTS,
  },
  {
    name: 'proxy',
    type: 'text',
    value: 'URL',
    help: 'ask through this proxy (default HTTPS_PROXY, HTTP_PROXY; NO_PROXY names hosts to ask directly)',
    group: REQUESTS,
  },
  {
    name: 'allow-http',
    type: 'switch',
    help: 'accept http: URLs of hosts other than this one, and any address in fetched lists',
    group: REQUESTS,
  },
]

/** JSON instead of a table or text. */
export const jsonFlag: Flag = {
  name: 'json',
  type: 'switch',
  help: 'for programs: JSON instead of text',
  group: OUTPUT,
}

/** Some of {@link streamFlags}, for commands that share them. */
export function flagsNamed(...names: readonly string[]): readonly Flag[] {
  return streamFlags.filter(({ name }) => names.includes(name))
}

/** What the help, the manual and completions say of a flag. */
export function helpText({ help, note }: Pick<Flag, 'help' | 'note'>): string {
  return note === undefined ? help : `${help}: ${note}`
}

/** Without duplicates; the first flag of a name counts. */
export function uniqueFlags(flags: readonly Flag[]): readonly Flag[] {
  return [...new Map(flags.map((flag) => [flag.name, flag])).values()]
}

/** `log-list` → `CT_STREAM_LOG_LIST`. */
export function variableOf(flag: Flag): string {
  return `${VARIABLE_PREFIX}${flag.name.toUpperCase().replaceAll('-', '_')}`
}

export const VARIABLE_PREFIX = 'CT_STREAM_'
