// Writes dashboard.json: `node dashboard.mjs && npx biome format --write dashboard.json`. Change panels here, not there.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const datasource = { type: 'prometheus', uid: '$datasource' }
const of = 'job=~"$job",instance=~"$instance"'
const ofLog = `${of},log=~"$log"`

/** Rows of panels: title, unit, kind, and what is drawn with its legend. */
const rows = [
  [
    'Overview',
    ['Certificates a second', 'cps', 'stat', [`sum(rate(ct_stream_log_entries_total{${of}}[5m]))`, '']],
    ['Logs that are well', 'none', 'stat', [`count(ct_stream_log_state{${of},state=~"live|catching-up"} == 1)`, '']],
    [
      'Logs in trouble',
      'none',
      'stat',
      [`count(ct_stream_log_state{${of},state=~"waiting|misbehaving|failed"} == 1) or vector(0)`, ''],
    ],
    ['Open gaps', 'none', 'stat', [`sum(ct_stream_open_gaps{${of}})`, '']],
    ['Clients', 'none', 'stat', [`sum(ct_stream_server_clients{${of}})`, '']],
    ['Accusations in a day', 'none', 'stat', [`sum(increase(ct_stream_log_misbehaviour_total{${of}}[1d]))`, '']],
  ],
  [
    'Logs',
    ['Entries a second by log', 'cps', 'timeseries', [`rate(ct_stream_log_entries_total{${ofLog}}[5m])`, '{{log}}']],
    ['Lag', 's', 'timeseries', [`ct_stream_log_lag_seconds{${ofLog}}`, '{{log}}']],
    ['Entries to read', 'none', 'timeseries', [`ct_stream_log_lag_entries{${ofLog}}`, '{{log}}']],
    [
      'Age of the newest head, part of the merge delay',
      'percentunit',
      'timeseries',
      [`ct_stream_log_head_age_seconds{${ofLog}} / ct_stream_log_mmd_seconds{${ofLog}}`, '{{log}}'],
    ],
    [
      'Requests a second',
      'reqps',
      'timeseries',
      [`rate(ct_stream_log_requests_total{${ofLog}}[5m])`, '{{log}}'],
      [`rate(ct_stream_log_request_retries_total{${ofLog}}[5m])`, 'again: {{log}}'],
    ],
    [
      'Errors by code',
      'cps',
      'timeseries',
      [`sum by (code) (rate(ct_stream_log_errors_total{${ofLog}}[5m]))`, '{{code}}'],
    ],
    ['Bytes a second', 'Bps', 'timeseries', [`rate(ct_stream_log_received_bytes_total{${ofLog}}[5m])`, '{{log}}']],
    [
      'Committed entries a second',
      'cps',
      'timeseries',
      [`rate(ct_stream_committed_entries_total{${of}}[5m])`, '{{instance}}'],
    ],
  ],
  [
    'Server',
    [
      'Clients by path',
      'none',
      'timeseries',
      [`sum by (path) (ct_stream_server_clients{${of}})`, '{{path}}'],
      [`sum(ct_stream_server_clients_behind{${of}})`, 'behind'],
    ],
    ['Sent', 'Bps', 'timeseries', [`rate(ct_stream_server_sent_bytes_total{${of}}[5m])`, '{{instance}}']],
    [
      'Waiting to be sent',
      'bytes',
      'timeseries',
      [`ct_stream_server_queued_bytes{${of}}`, 'all clients'],
      [`ct_stream_server_most_queued_bytes{${of}}`, 'one client'],
    ],
    [
      'Answers by status',
      'reqps',
      'timeseries',
      [`sum by (code) (rate(ct_stream_server_answers_total{${of}}[5m]))`, '{{code}}'],
    ],
    ['Kept', 'bytes', 'timeseries', [`ct_stream_server_kept_bytes{${of}}`, '{{instance}}']],
    [
      'Catching up, gaps',
      'cps',
      'timeseries',
      [`rate(ct_stream_server_catch_ups_total{${of}}[5m])`, 'catch-ups'],
      [`rate(ct_stream_server_gaps_total{${of}}[5m])`, 'gaps'],
    ],
  ],
  [
    'Modules and outputs',
    [
      'Findings a second',
      'cps',
      'timeseries',
      [`rate(ct_stream_module_emitted_findings_total{${of}}[5m])`, '{{module}}'],
    ],
    ['Waiting', 'none', 'timeseries', [`ct_stream_module_queued_entries{${of}}`, '{{module}}']],
    [
      'Not delivered and put aside',
      'none',
      'timeseries',
      [`increase(ct_stream_module_dead_letters_total{${of}}[1h])`, 'in an hour: {{module}}'],
    ],
    [
      'Errors and what was dropped',
      'cps',
      'timeseries',
      [`rate(ct_stream_module_errors_total{${of}}[5m])`, 'errors: {{module}}'],
      [`rate(ct_stream_module_dropped_total{${of}}[5m])`, 'dropped: {{module}}'],
    ],
  ],
  [
    'Process',
    [
      'Processor',
      'percentunit',
      'timeseries',
      [`rate(ct_stream_process_cpu_seconds_total{${of}}[5m])`, '{{instance}}'],
    ],
    [
      'Memory',
      'bytes',
      'timeseries',
      [`ct_stream_process_resident_memory_bytes{${of}}`, 'resident'],
      [`ct_stream_buffered_bytes{${of}}`, 'entries not yet acknowledged'],
    ],
    [
      'Delay of the event loop, 99 %',
      's',
      'timeseries',
      [`ct_stream_nodejs_eventloop_lag_p99_seconds{${of}}`, '{{instance}}'],
    ],
  ],
]

const variable = (name, query, label) => ({
  ...{ name, label, type: 'query', datasource, refresh: 2, sort: 1 },
  ...{ query: { query, refId: name }, definition: query, multi: true, includeAll: true, allValue: '.*' },
  current: { text: 'All', value: '$__all' },
})

const panels = []
let y = 0
for (const [title, ...charts] of rows) {
  panels.push({
    id: panels.length + 1,
    type: 'row',
    title,
    collapsed: false,
    gridPos: { h: 1, w: 24, x: 0, y: y++ },
    panels: [],
  })
  const isStat = charts[0][2] === 'stat'
  const [w, h] = isStat ? [4, 4] : [12, 8]
  charts.forEach(([title, unit, type, ...targets], i) => {
    const column = i % (24 / w)
    if (i > 0 && column === 0) y += h
    panels.push({
      ...{ id: panels.length + 1, type, title, datasource },
      gridPos: { h, w, x: column * w, y },
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      options: isStat
        ? { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'area' }
        : {
            legend: { displayMode: 'table', placement: 'right', calcs: ['lastNotNull', 'max'] },
            tooltip: { mode: 'multi' },
          },
      targets: targets.map(([expr, legendFormat], n) => ({ refId: 'ABCD'[n], datasource, expr, legendFormat })),
    })
  })
  y += h
}

const dashboard = {
  ...{ uid: 'ct-stream', title: 'ct-stream', tags: ['certificate-transparency'], schemaVersion: 39, version: 1 },
  ...{ editable: true, refresh: '30s', time: { from: 'now-6h', to: 'now' }, timezone: 'browser' },
  templating: {
    list: [
      { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
      variable('job', 'label_values(ct_stream_build_info, job)', 'Job'),
      variable('instance', 'label_values(ct_stream_build_info{job=~"$job"}, instance)', 'Instance'),
      variable('log', 'label_values(ct_stream_log_position{job=~"$job",instance=~"$instance"}, log)', 'Log'),
    ],
  },
  panels,
}

writeFileSync(process.argv[2] ?? join(import.meta.dirname, 'dashboard.json'), `${JSON.stringify(dashboard, null, 2)}\n`)
