import { html } from 'htm/preact'
import type { FeedLog, FeedNews } from '../server/ui/shapes.js'
import { duration, moment, quantity } from './text.js'
import { Words } from './words.js'

const SHOWN = 8

/** Problems that need attention; empty when there are none. */
export function Trouble({ news, logs }: { readonly news: FeedNews; readonly logs: readonly FeedLog[] }) {
  const bad = logs.filter(({ state }) => state === 'misbehaving' || state === 'failed')
  if (news.troubleCount === 0 && bad.length === 0) return null
  const troubles = news.troubles.slice(0, SHOWN)
  // What it did is said once.
  const isTold = (name: string) => troubles.some(({ log, kind }) => kind === 'misbehaviour' && log === name)
  return html`<section class="card alarm" aria-labelledby="trouble-title">
    <h2 id="trouble-title">Gaps and misbehaviour <span class="count">${quantity(news.troubleCount)}</span></h2>
    <ul>
      ${bad.map(
        (log) => html`<li key=${log.id}>
          <strong><${Words} text=${log.name} /></strong> is ${log.state}
          ${log.troubleMs !== null && ` for ${duration(log.troubleMs)}`}
          ${log.error !== null && !isTold(log.name) && html`: <${Words} text=${log.error.message} />`}
        </li>`,
      )}
      ${troubles.map(
        ({ number, at, kind, log, code, text }) => html`<li key=${number}>
          <time class="muted">${moment(at)}</time> <span class="tag">${kind}</span> <strong><${Words} text=${log} /></strong>${' '}
          ${code !== '' && html`<code>${code}</code> `}<${Words} text=${text} />
        </li>`,
      )}
    </ul>
    ${news.troubleCount > troubles.length && html`<p class="muted">The newest ${troubles.length} are shown.</p>`}
  </section>`
}

/** Findings of modules. */
export function Findings({ news }: { readonly news: FeedNews }) {
  return html`<section class="card" aria-labelledby="findings-title">
    <div class="title">
      <h2 id="findings-title">Findings</h2>
      <span class="muted">${quantity(news.findingCount)}</span>
    </div>
    <ul class="findings">
      ${news.findings.map(
        ({ id, at, module, kind, subject, severity, score, reasons }) => html`<li key=${`${id} ${at}`}>
          <span class=${`score ${severity}`} title=${severity}>${score}<span class="unseen"> of 100, ${severity}</span></span>
          <span class="what">
            <strong><${Words} text=${subject} /></strong>
            <span class="muted"><${Words} text=${`${module} · ${kind}`} /> · <time>${moment(at)}</time></span>
            ${reasons.map((reason) => html`<span class="reason"><${Words} text=${reason} /></span>`)}
          </span>
        </li>`,
      )}
    </ul>
    ${news.findings.length === 0 && html`<p class="muted empty">No module has reported anything.</p>`}
  </section>`
}
