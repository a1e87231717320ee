// Which logs there are, how fast they grow, and what is wrong with them.

const LARGE = 130
const MEDIUM = 70
const SMALL = 16
/** Sum of the rates below, entries per second. */
const TOTAL = 3_000

/** `trait` names what is measured together; `count` logs, their growth in turn from `rates`. */
const GROUPS = [
  { kind: 'rfc6962', trait: 'plain', rates: [LARGE, LARGE, LARGE, LARGE, MEDIUM, MEDIUM, SMALL, SMALL, SMALL, SMALL] },
  { kind: 'rfc6962', trait: 'backlog', rates: [LARGE, MEDIUM, MEDIUM, SMALL] },
  { kind: 'rfc6962', trait: 'backlog, 32 a page', rates: [MEDIUM, SMALL], pageSize: 32 },
  { kind: 'rfc6962', trait: '32 a page', rates: [MEDIUM, SMALL], pageSize: 32 },
  { kind: 'rfc6962', trait: 'throttled', rates: [MEDIUM], limit: { by: 'connection', retryAfter: 'none' } },
  { kind: 'rfc6962', trait: 'throttled', rates: [SMALL], limit: { by: 'connection', retryAfter: 'seconds' } },
  { kind: 'rfc6962', trait: 'throttled', rates: [MEDIUM], limit: { by: 'address', retryAfter: 'seconds' } },
  { kind: 'rfc6962', trait: 'throttled', rates: [SMALL], limit: { by: 'address', retryAfter: 'http-date' } },
  { kind: 'rfc6962', trait: 'slow', rates: [SMALL], slow: true },
  { kind: 'rfc6962', trait: 'down for a while', rates: [SMALL], down: 'refused, then 503' },
  { kind: 'static-ct', trait: 'plain', rates: [LARGE, LARGE, LARGE, LARGE, LARGE, MEDIUM, MEDIUM, SMALL, SMALL] },
  // Trees that are three levels of tiles high.
  { kind: 'static-ct', trait: 'plain', rates: [LARGE, MEDIUM, SMALL], past: 66_000 },
  { kind: 'static-ct', trait: 'backlog', rates: [LARGE, MEDIUM, MEDIUM, MEDIUM, SMALL, SMALL] },
  { kind: 'static-ct', trait: 'throttled', rates: [MEDIUM], limit: { by: 'address', retryAfter: 'seconds' } },
  { kind: 'static-ct', trait: 'throttled', rates: [SMALL], limit: { by: 'address', retryAfter: 'none' } },
  { kind: 'static-ct', trait: 'slow', rates: [SMALL], slow: true },
  { kind: 'static-ct', trait: 'stale heads', rates: [MEDIUM], stale: true },
  { kind: 'static-ct', trait: 'short-lived partial tiles', rates: [SMALL], partialTilesLive: 'short' },
  { kind: 'static-ct', trait: 'down for a while', rates: [SMALL], down: '503' },
]
const OPERATORS = 8

/**
 * The logs of a run.
 *
 * @param rate - Entries a second, all logs together.
 * @param backlog - Entries of each log that begins with a backlog. The others hold some hundred that nobody wants.
 */
export function planOf({ rate, backlog }) {
  const logs = GROUPS.flatMap(({ rates, ...group }) => rates.map((each) => ({ ...group, rate: (each * rate) / TOTAL })))
  return logs.map((log, i) => {
    const begins = log.trait.startsWith('backlog')
    return {
      pageSize: 256,
      ...log,
      operator: `operator ${i % OPERATORS}`,
      description: `${log.kind} ${i}: ${log.trait}`,
      begins,
      // No two alike, none on a page boundary: most logs are met in the middle of a page.
      size: (begins ? backlog : (log.past ?? 500)) + 37 * i,
    }
  })
}
