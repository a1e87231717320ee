const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
const rate = ({ entries, wallMs }) => (1000 * entries) / wallMs
/** Seconds of CPU time for a million entries = microseconds for one. */
const cpu = ({ entries, cpuMs }) => (1000 * cpuMs) / entries
const megabytes = (bytes) => bytes / 1e6

const number = (value, digits = 0) =>
  value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits })

function table(head, rows) {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i].length)))
  const line = (row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')
  console.log([line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n'))
}

export function printRuns({ machine, log, runs, decode, memory, starts, notes }) {
  console.log(`
${machine.cpus} × ${machine.model}, node ${machine.node}, ${machine.certspotter ?? 'no certspotter'}
${number(log.size)} entries made of ${number(log.templates)} ${log.source} (${number((100 * log.precertificates) / log.templates)} % precertificates); \
${number(log.bytesPerEntry)} bytes an entry as JSON, ${number(log.tileBytesPerEntry)} in a compressed tile
`)
  const entries = Object.entries(runs).filter(([, results]) => results.length > 0)
  if (memory !== undefined) entries.push([`RFC 6962, batches, ${number(memory.entries)}`, [memory]])
  const rows = entries.map(([name, results]) => [
    name,
    String(results.length),
    number(results[0].entries),
    number(median(results.map(rate))),
    number(median(results.map(cpu)), 1),
    number(median(results.map((result) => megabytes(result.maxRssBytes)))),
    number(median(results.map((result) => (1000 * result.serverCpuMs) / result.entries)), 1),
  ])
  table(['run (medians)', 'runs', 'entries', 'entries/s', 'CPU s/million', 'peak RSS MB', 'server CPU s/million'], rows)

  console.log(`\nin the process, on one thread: ${number(rate(decode))} entries/s`)
  table(
    ['step', 'µs an entry', 'entries/s'],
    Object.entries(decode.steps).map(([name, us]) => [name, number(us, 2), number(1e6 / us)]),
  )
  console.log()
  table(
    ['process start (medians)', 'ms'],
    Object.entries(starts).map(([name, times]) => [name, number(median(times), 1)]),
  )
  for (const note of notes) console.log(`\nnote: ${note}`)
}

/** What is promised, and what was measured. */
export function judge({ runs, memory, starts }) {
  const verdicts = []
  const paired = (a, b, quantity) => {
    const [first, second] = [runs[a] ?? [], runs[b] ?? []]
    if (first.length === 0 || second.length === 0) return undefined
    return median(first.slice(0, second.length).map((run, i) => quantity(run) / quantity(second[i])))
  }
  const judgeOne = (what, value, target, holds, unit = '') =>
    verdicts.push({ what, value, target, unit, holds: value === undefined ? undefined : holds(value) })
  const ours = 'RFC 6962, batches'
  judgeOne('entries/s of batches() : certspotter', paired(ours, 'certspotter', rate), '≥ 10', (x) => x >= 10, '×')
  judgeOne('CPU per entry, certspotter : batches()', paired('certspotter', ours, cpu), '≥ 10', (x) => x >= 10, '×')
  const alone = 'RFC 6962, one thread'
  judgeOne('entries/s of one thread : certspotter', paired(alone, 'certspotter', rate), '≥ 7', (x) => x >= 7, '×')
  judgeOne('entries/s, threads : one thread', paired(ours, alone, rate), '≥ 1.3', (x) => x >= 1.3, '×')
  judgeOne('entries/s of batches() : naive pipeline', paired(ours, 'naive pipeline', rate), '≥ 25', (x) => x >= 25, '×')
  judgeOne('entries/s, static-ct : RFC 6962', paired('static-ct, batches', ours, rate), '≥ 1.5', (x) => x >= 1.5, '×')
  const filtered = paired('RFC 6962, 10,000 domains', ours, cpu)
  judgeOne('CPU cost of 10,000 watched domains', filtered && 100 * (filtered - 1), '< 10', (x) => x < 10, '%')
  const traced = paired('RFC 6962, one thread, traced', alone, cpu)
  judgeOne('CPU cost of spans for OpenTelemetry', traced && 100 * (traced - 1), '< 5', (x) => x < 5, '%')
  for (const modules of ['watchlist', 'watchlist and intelligence']) {
    const share = paired(`RFC 6962, ${modules}`, ours, rate)
    judgeOne(`rate with ${modules}`, share && 100 * share, '≥ 70', (x) => x >= 70, '%')
  }
  const threaded = paired('RFC 6962, both in a thread', ours, rate)
  judgeOne('rate with both in a thread', threaded && 100 * threaded, '≥ 70', (x) => x >= 70, '%')
  const peak =
    memory?.maxRssBytes ?? (runs[ours]?.length > 0 ? Math.max(...runs[ours].map((run) => run.maxRssBytes)) : undefined)
  judgeOne(
    `peak RSS over ${number((memory ?? runs[ours]?.[0])?.entries ?? 0)} entries`,
    peak && megabytes(peak),
    '< 180',
    (x) => x < 180,
    'MB',
  )
  judgeOne('RSS from entry 200,000 to the end', growth(memory), '< 5', (x) => x < 5, '%')
  const imported = median(starts.import.map((ms, i) => ms - starts.bare[i]))
  judgeOne('import over a bare node', imported, '< 60', (x) => x < 60, 'ms')
  judgeOne('first verified certificate', median(starts.first), '< 250', (x) => x < 250, 'ms')
  return verdicts
}

/** What one bad log may cost the process and the other logs, and what it did. */
export function judgeHostile({ bombs, beside, ...fat }) {
  const verdicts = []
  const judgeOne = (what, value, target, holds, unit) =>
    verdicts.push({ what, value, target, unit, holds: value === undefined ? undefined : holds(value) })
  const mebibytes = (bytes) => bytes / 2 ** 20
  judgeOne('bombs: event loop in one piece', bombs?.longestMs, '< 100', (x) => x < 100, 'ms')
  judgeOne('bombs: memory', bombs && mebibytes(bombs.memory), '< 128', (x) => x < 128, 'MiB')
  for (const [name, { held, rss, rssBefore, logs, answer, budget }] of Object.entries(fat)) {
    const most = Math.round(mebibytes(budget + logs * answer))
    judgeOne(`${name}: held`, mebibytes(held), `≤ ${most}`, (x) => x <= most, 'MiB')
    judgeOne(`${name}: RSS over that before`, mebibytes(rss - rssBefore), `< ${2 * most}`, (x) => x < 2 * most, 'MiB')
  }
  const alone = beside?.alone
  for (const [name, runs] of Object.entries(beside ?? {})) {
    if (runs === alone) continue
    const kept = 100 * median(runs.map(({ wallMs }, i) => alone[i].wallMs / wallMs))
    judgeOne(`rate of a sound log ${name}`, kept, '≥ 80', (x) => x >= 80, '% of alone')
  }
  return verdicts
}

/** Per cent by which resident memory grew: the last fifth of the run against the fifth after entry 200,000. */
function growth(memory) {
  if (memory === undefined) return undefined
  const rss = (from, to) => median(memory.memory.filter(([at]) => at >= from && at < to).map(([, bytes]) => bytes))
  const fifth = (memory.entries - 200_000) / 5
  return 100 * (rss(memory.entries - fifth, Number.POSITIVE_INFINITY) / rss(200_000, 200_000 + fifth) - 1)
}

export function printTargets(verdicts) {
  console.log()
  table(
    ['promise', 'measured', 'target', ''],
    verdicts.map(({ what, value, target, unit, holds }) => [
      what,
      value === undefined ? '—' : `${number(value, 1)} ${unit}`,
      `${target} ${unit}`,
      holds === undefined ? 'not measured' : holds ? 'yes' : 'NO',
    ]),
  )
}
