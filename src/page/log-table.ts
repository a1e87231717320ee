import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import type { FeedLog } from '../server/ui/shapes.js'
import { isInTrouble, type LogColumn, pressed, type Sorting, sorted } from './logs.js'
import { duration, quantity, rate } from './text.js'
import { Words } from './words.js'

const columns: readonly (readonly [column: LogColumn, title: string])[] = [
  ['name', 'Log'],
  ['state', 'State'],
  ['lag', 'Lag'],
  ['headAge', 'Head age'],
  ['rate', 'Per second'],
  ['errors', 'Errors'],
]

/** The logs, sorted by the column that was pressed. */
export function LogTable({ logs }: { readonly logs: readonly FeedLog[] }) {
  const [sorting, setSorting] = useState<Sorting>({ column: 'state', isDescending: false })
  const orderOf = (column: LogColumn) =>
    column !== sorting.column ? 'none' : sorting.isDescending ? 'descending' : 'ascending'
  return html`<section class="card" aria-labelledby="logs-title">
    <div class="title">
      <h2 id="logs-title">Logs</h2>
      <span class="muted">${logs.length}</span>
    </div>
    <div class="scroll" tabindex="0" role="group" aria-label="Table of logs">
      <table>
        <thead>
          <tr>
            ${columns.map(
              ([column, title]) => html`<th key=${column} scope="col" aria-sort=${orderOf(column)} class=${column}>
                <button type="button" onClick=${() => setSorting(pressed(sorting, column))}>
                  ${title}<span aria-hidden="true" class="arrow">${arrows[orderOf(column)]}</span>
                </button>
              </th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${sorted(logs, sorting).map((log) => html`<${Row} key=${log.id} log=${log} />`)}
          ${logs.length === 0 && html`<tr><td colspan="6" class="muted empty">No log is read yet.</td></tr>`}
        </tbody>
      </table>
    </div>
  </section>`
}

const arrows = { none: '', ascending: '↑', descending: '↓' }

function Row({ log }: { readonly log: FeedLog }) {
  const { name, operator, state, lagEntries, lagMs, headAgeMs, isHeadLate, perSecond, retries, error, troubleMs } = log
  const lag = (lagEntries ?? 0) > 0 && lagMs !== null ? ` · ${duration(lagMs)}` : ''
  return html`<tr class=${isInTrouble(log) ? 'trouble' : ''}>
    <th scope="row"><span class="name"><${Words} text=${name} /></span><span class="muted"><${Words} text=${operator} /></span></th>
    <td><span class=${`state ${state}`}>${state}</span></td>
    <td class="number">${quantity(lagEntries)}<span class="muted">${lag}</span></td>
    <td class=${`number ${isHeadLate ? 'bad' : ''}`}>${duration(headAgeMs)}${isHeadLate && ' late'}</td>
    <td class="number">${rate(perSecond)}</td>
    <td class="errors">
      <span class="number">${quantity(retries)}</span>
      ${
        error !== null &&
        troubleMs !== null &&
        html`<span class="bad" title=${`for ${duration(troubleMs)}: ${error.message}`}>${error.code}</span>`
      }
    </td>
  </tr>`
}
