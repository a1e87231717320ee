import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import type { FeedRow } from '../server/ui/shapes.js'
import { clockTime, quantity } from './text.js'
import { Words } from './words.js'

export interface LiveProps {
  readonly rows: readonly FeedRow[]
  /** Of the last second, and since the filter was set: all that match, not only those that are shown. */
  readonly matched: number
  readonly matchedInAll: number
  readonly filter: string
  readonly onFilter: (text: string) => void
  readonly onOpen: (id: string) => void
}

/** A few certificates of each second as they arrive. The list pauses while the pointer is on it. */
export function Live({ rows, matched, matchedInAll, filter, onFilter, onOpen }: LiveProps) {
  const [isPaused, setPaused] = useState(false)
  const [isHeld, setHeld] = useState(false)
  const [held, setHeldRows] = useState<readonly FeedRow[]>(rows)
  const stands = isPaused || isHeld
  if (!stands && held !== rows) setHeldRows(rows)
  const shown = stands ? held : rows
  const hold = () => setHeld(true)
  const release = () => setHeld(false)
  const state = isPaused ? 'paused' : isHeld ? 'held while you look' : `${quantity(matched)} in the last second`
  return html`<section class="card live" aria-labelledby="live-title">
    <div class="title">
      <h2 id="live-title">Live certificates</h2>
      <span class="muted">${state}${filter !== '' && ` · ${quantity(matchedInAll)} so far`}</span>
    </div>
    <div class="tools" role="search">
      <input
        type="search"
        aria-label="Filter certificates: each word must be in a name, the issuer, the log or the kind"
        placeholder="Filter: name, issuer, log"
        maxlength="200"
        spellcheck=${false}
        autocomplete="off"
        value=${filter}
        onInput=${(event: InputEvent) => onFilter((event.target as HTMLInputElement).value)}
      />
      <button type="button" class="action" aria-pressed=${isPaused} onClick=${() => setPaused(!isPaused)}>
        ${isPaused ? 'Paused' : 'Pause'}
      </button>
    </div>
    <ul
      class="rows"
      onMouseEnter=${hold}
      onMouseLeave=${release}
      onFocusIn=${hold}
      onFocusOut=${release}
    >
      ${shown.map((row) => html`<${Row} key=${row.id} row=${row} onOpen=${onOpen} />`)}
    </ul>
    ${
      shown.length === 0 &&
      html`<p class="muted empty">${filter === '' ? 'No certificate has come yet.' : 'None has matched yet.'}</p>`
    }
  </section>`
}

function Row({ row, onOpen }: { readonly row: FeedRow; readonly onOpen: (id: string) => void }) {
  const { id, at, kind, names, more, issuer, log, isVerified } = row
  const [first = '(no name)', ...others] = names
  const rest = others.length + more
  return html`<li>
    <button type="button" onClick=${() => onOpen(id)}>
      <span class="names"><${Words} text=${first} />${rest > 0 && html`<span class="more">+${rest}</span>`}</span>
      <span class=${`kind ${kind}`}>${kind === 'precertificate' ? 'pre' : kind === 'certificate' ? 'cert' : kind}</span>
      <span class="from muted"><${Words} text=${issuer} /> · <${Words} text=${log} />${!isVerified && ' · not verified'}</span>
      <time class="muted">${clockTime(at)}</time>
    </button>
  </li>`
}
