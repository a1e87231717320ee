const number = (value, digits = 0) =>
  value === undefined || !Number.isFinite(value)
    ? '—'
    : value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
const seconds = (ms) => number(ms / 1000, 2)
const megabytes = (bytes) => number(bytes / 1e6)
const percent = (part, whole) => (whole === 0 ? '—' : number((100 * part) / whole, 1))

export function print({ plan, result, verbose }) {
  const { machine, usage, server, delays, requests, backlogs, faults, logs, errors } = result
  console.log(
    `${plan.length} logs, ${number(result.published)} entries published in ${number(result.seconds)} s, ${number(result.delivered)} delivered`,
  )
  table(
    ['reader', ''],
    [
      ['CPU, % of one core, whole run', number(usage.cpuPercent, 1)],
      ['CPU, % of one core, last half (live entries only)', number(usage.liveCpuPercent, 1)],
      ['CPU µs an entry, last half', number(usage.liveCpuUs, 1)],
      ['peak RSS, MB', megabytes(usage.maxRssBytes)],
      ['then heap / array buffers / other external / the rest, MB', kinds(usage.atPeak)],
      ['most bytes buffered, MB', megabytes(usage.bufferedBytes)],
      ['most bytes in array buffers, MB', megabytes(usage.arrayBufferBytes)],
      ['event loop late, p99 / max, ms', `${number(usage.loopMs.p99)} / ${number(usage.loopMs.max)}`],
      ['caught up after the last publication, s', seconds(result.drainMs)],
      ['(the logs themselves: CPU, % of one core)', number(server.cpuPercent, 1)],
      ['(the machine: load over the last minute / cores)', `${number(machine.load[0], 1)} / ${machine.cpus}`],
    ],
  )
  table(
    ['requests', 'made', 'answered 200', 'fewest possible', 'made : fewest', 'asked again', 'MB'],
    requests.map(({ what, made, answered, minimum, again, bytes }) => [
      what,
      number(made),
      number(answered),
      number(minimum),
      minimum === 0 ? '—' : number(made / minimum, 2),
      number(again),
      number(bytes / 1e6, 1),
    ]),
  )
  table(
    [
      'backlogs',
      'logs',
      'entries',
      'answers',
      'full aligned, % of answers',
      '% of entries',
      'caught up after s',
      'entries/s',
    ],
    backlogs.map(({ group, logs: count, entries, answers, full, fullEntries, caughtUpMs }) => [
      group,
      number(count),
      number(entries),
      number(answers),
      percent(full, answers),
      percent(fullEntries, entries),
      seconds(caughtUpMs),
      number(entries / (caughtUpMs / 1000)),
    ]),
  )
  table(
    ['publication to delivery, seconds', 'entries', 'median', 'p90', 'p99', 'max'],
    delays.map(({ group, entries, median, p90, p99, max }) => [
      group,
      number(entries),
      seconds(median),
      seconds(p90),
      seconds(p99),
      seconds(max),
    ]),
  )
  if (verbose) printLogs(logs, errors)
  if (faults.length === 0) console.log('\nnothing lost, nothing twice, in order, every log caught up')
  else console.log(`\nWRONG:\n${faults.slice(0, 50).join('\n')}`)
}

export function printSharedLimit({ entries, limit, pressureMs, undisturbed, disturbed }) {
  table(
    [
      `${number(entries)} entries, ${limit.perSecond} requests/s for all`,
      'read',
      'within s',
      'entries/s',
      '429 before',
      '429 after',
      'requests/s at the end',
    ],
    [
      ['undisturbed', undisturbed],
      [`after ${number(pressureMs / 1000)} s in which others used it up`, disturbed],
    ].map(([name, run]) => [
      name,
      number(run.read),
      seconds(run.ms),
      number((1000 * run.read) / run.ms),
      number(run.refusedMeanwhile),
      number(run.refusedAfter),
      number(run.requestsPerSecond, 1),
    ]),
  )
}

function printLogs(logs, errors) {
  table(
    ['log', 'rate', 'requests', 'not 200', 'retries', 'page', 'requests/s', 'connections', 'median delay', 'max'],
    logs.map((log) => [
      log.description,
      number(log.rate),
      number(log.requests),
      number(log.failed),
      number(log.retries),
      number(log.pageSize),
      number(log.requestsPerSecond, 2),
      number(log.connections),
      seconds(log.delay?.median),
      seconds(log.delay?.max),
    ]),
  )
  table(
    ['error', 'times'],
    Object.entries(errors).map(([name, times]) => [name, number(times)]),
  )
}

function table(head, rows) {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)))
  const line = (row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ')
  console.log(`\n${line(head)}\n${widths.map((width) => '─'.repeat(width)).join('  ')}`)
  for (const row of rows) console.log(line(row))
}

/** The rest: code, stacks, SQLite, zlib, and what the allocator keeps for later. */
function kinds({ rss, heapTotal, external, arrayBuffers }) {
  return [heapTotal, arrayBuffers, external - arrayBuffers, rss - heapTotal - external].map(megabytes).join(' / ')
}
