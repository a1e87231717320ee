/** One flag, which is also the variable `CT_STREAM_<NAME>` and the key `<name>` of a config file. */
export interface Flag {
  /** Kebab-case, without dashes. */
  readonly name: string
  /** `switch` takes no value, `text` one, `list` may be repeated. */
  readonly type: 'switch' | 'text' | 'list'
  /** Stands for the value in the help. */
  readonly value?: string
  /** One letter, without dash. */
  readonly short?: string
  readonly help: string
}

/** Flags every command has. */
export const commonFlags: readonly Flag[] = [
  { name: 'help', type: 'switch', short: 'h', help: 'show this help' },
  { name: 'version', type: 'switch', short: 'V', help: 'show the version' },
  { name: 'config', type: 'text', value: 'FILE', help: 'read flags from a JSON file (default ct-stream.config.json)' },
]

/** How certificates are shown. */
export const formatFlags: readonly Flag[] = [
  {
    name: 'format',
    type: 'text',
    value: 'FORMAT',
    help: 'text, json, pretty, domains, certstream or template (default: text on a terminal, else json)',
  },
  {
    name: 'template',
    type: 'text',
    value: 'TEXT',
    help: "a line with {fields} of the JSON form, such as '{index} {subject.commonName} {dnsNames}'",
  },
]

/** How much is said on stderr. */
export const reportFlags: readonly Flag[] = [
  { name: 'quiet', type: 'switch', short: 'q', help: 'no status line, errors only' },
  { name: 'log-level', type: 'text', value: 'LEVEL', help: 'silent, error, warn, info or debug (default warn)' },
]

/** When to stop by count. */
export const limitFlag: Flag = {
  name: 'limit',
  type: 'text',
  value: 'N',
  short: 'n',
  help: 'stop after N certificates',
}

/** Which logs, from where to where, and what of it. */
export const streamFlags: readonly Flag[] = [
  { name: 'log-list', type: 'list', value: 'URL|FILE', help: "log lists to merge (default Chrome's and Apple's)" },
  { name: 'operator', type: 'list', value: 'NAME', help: 'only logs of this operator' },
  { name: 'kind', type: 'list', value: 'KIND', help: 'only rfc6962 or only static-ct logs' },
  { name: 'log', type: 'list', value: 'URL', help: 'read this log instead of a list; needs --key' },
  { name: 'key', type: 'list', value: 'BASE64', help: 'public key of --log (SubjectPublicKeyInfo)' },
  { name: 'submission-url', type: 'list', value: 'URL', help: 'makes --log the monitoring URL of a static-ct log' },
  {
    name: 'allow-http',
    type: 'switch',
    help: 'accept http: URLs of hosts other than this one, and any address in fetched lists',
  },
  {
    name: 'start',
    type: 'text',
    value: 'WHERE',
    help: 'now, beginning, an index, a time, or 2h, 7d ago (default now)',
  },
  { name: 'end', type: 'text', value: 'WHERE', help: 'never, head, an index or a time (default never)' },
  {
    name: 'merge-delay',
    type: 'text',
    value: 'TIME',
    help: "how late, as 10m, a log may merge what --start and --end bound by time (default the log's maximum)",
  },
  limitFlag,
  {
    name: 'end-patience',
    type: 'text',
    value: 'SECONDS',
    help: 'with --end or --limit: give a log that does not answer up after this long (default 60)',
  },
  { name: 'checkpoint', type: 'text', value: 'FILE', help: 'where positions are kept (default ct-stream.db)' },
  { name: 'no-checkpoint', type: 'switch', help: 'keep no positions' },
  { name: 'domain', type: 'list', value: 'PATTERN', help: 'only example.com and below; =example.com, *.example.com' },
  { name: 'domains-file', type: 'text', value: 'FILE', help: 'patterns of --domain, one a line' },
  { name: 'match', type: 'text', value: 'REGEX', help: 'only certificates with a DNS name that matches' },
  { name: 'issuer', type: 'list', value: 'TEXT', help: 'only of issuers whose name contains this' },
  { name: 'only', type: 'text', value: 'KIND', help: 'certificates or precertificates, without what cannot be parsed' },
  { name: 'dedupe', type: 'text', value: 'BY', help: 'certificate or issuance: show each once' },
  { name: 'verify', type: 'text', value: 'HOW', help: 'full, signatures-only or none-unverified (default full)' },
  { name: 'contact', type: 'text', value: 'ADDRESS', help: 'e-mail or URL to tell the operators who asks' },
]

/** A table as JSON. */
export const jsonFlag: Flag = { name: 'json', type: 'switch', help: 'for programs: JSON instead of a table' }

/** Some of {@link streamFlags}, for commands that share them. */
export function flagsNamed(...names: readonly string[]): readonly Flag[] {
  return streamFlags.filter(({ name }) => names.includes(name))
}

/** `log-list` → `CT_STREAM_LOG_LIST`. */
export function variableOf(flag: Flag): string {
  return `${variablePrefix}${flag.name.toUpperCase().replaceAll('-', '_')}`
}

export const variablePrefix = 'CT_STREAM_'
