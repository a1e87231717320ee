import { html } from 'htm/preact'
import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks'
import { Chart } from './chart.js'
import { DetailView } from './detail.js'
import { type Connection, Feed } from './feed.js'
import { Live } from './live.js'
import { LogTable } from './log-table.js'
import { isInTrouble } from './logs.js'
import { Model } from './model.js'
import { hasToken, request } from './requests.js'
import { duration, moment, quantity, rate } from './text.js'
import { ThemeSwitch } from './theme.js'
import { TokenForm } from './token-form.js'
import { Findings, Trouble } from './trouble.js'

/** A filter is applied after a pause in typing of this length, milliseconds. */
const TYPING_MS = 300

/** The whole page. */
export function App() {
  const model = useMemo(() => new Model(), [])
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  const [theme, changeTheme] = useReducer((count: number) => count + 1, 0)
  const [connection, setConnection] = useState<Connection>({ kind: 'connecting' })
  const [filter, setFilter] = useState('')
  const [opened, setOpened] = useState<string | undefined>(undefined)
  const feed = useMemo(
    () => new Feed({ connection: setConnection, message: (message) => take(message) }, { request, hasToken }),
    [],
  )
  const take = (message: Parameters<Model['take']>[0]) => {
    model.take(message)
    redraw(undefined)
  }
  useEffect(() => feed.open(''), [])
  useEffect(() => {
    // The chart has colours of its own: it is drawn again when the system switches between light and dark.
    const query = matchMedia('(prefers-color-scheme: dark)')
    query.addEventListener('change', changeTheme as () => void)
    return () => query.removeEventListener('change', changeTheme as () => void)
  }, [])
  const typing = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const onFilter = (text: string) => {
    setFilter(text)
    clearTimeout(typing.current)
    typing.current = setTimeout(() => {
      model.clear()
      feed.open(text)
    }, TYPING_MS)
  }
  const { tick, news, history } = model
  const logs = tick?.logs ?? []
  const now = Math.floor((tick?.at ?? 0) / 1000)
  const series = useMemo(() => history.series(now), [now])
  if (connection.kind === 'locked')
    return html`<${TokenForm} isWrong=${connection.isWrong} onToken=${() => feed.open(filter)} />`
  return html`<a class="skip" href="#main">Skip to the figures</a>
    <header>
      <h1>ct-stream <span class="muted">${model.begin?.version}</span></h1>
      <${Pill} connection=${connection} />
      <${ThemeSwitch} onChange=${() => changeTheme(undefined)} />
    </header>
    <p role="status" class="unseen">${spoken(connection, model)}</p>
    <main id="main" tabindex="-1">
      <${Notices} connection=${connection} model=${model} onDismiss=${() => redraw(undefined)} />
      <${Trouble} news=${news} logs=${logs} />
      <${Figures} model=${model} now=${now} />
      <div class="columns">
        <div>
          <${Chart} series=${series} now=${history.mean(now, 10)} mean=${history.mean(now, 900)} theme=${theme} />
          <${LogTable} logs=${logs} />
        </div>
        <div>
          <${Live}
            rows=${model.rows}
            matched=${tick?.kind === 'tick' ? tick.matched : 0}
            matchedInAll=${model.matched}
            filter=${filter}
            onFilter=${onFilter}
            onOpen=${setOpened}
          />
          <${Findings} news=${news} />
        </div>
      </div>
    </main>
    ${opened !== undefined && html`<${DetailView} id=${opened} onClose=${() => setOpened(undefined)} />`}`
}

function Pill({ connection: { kind } }: { readonly connection: Connection }) {
  const text = kind === 'connected' ? 'Connected' : kind === 'lost' ? 'Connecting again …' : 'Connecting …'
  return html`<span class=${`pill ${kind}`} aria-hidden="true">${text}</span>`
}

/** For screen readers: only what changes rarely. */
function spoken(connection: Connection, { restartedAt, news }: Model): string {
  if (connection.kind === 'lost') return 'The connection is lost. Connecting again.'
  if (connection.kind !== 'connected') return 'Connecting.'
  const restarted = restartedAt === undefined ? '' : ` The server was restarted at ${moment(restartedAt)}.`
  const troubles = news.troubleCount === 0 ? '' : ` ${news.troubleCount} gaps and misbehaviours.`
  return `Connected.${restarted}${troubles}`
}

interface NoticesProps {
  readonly connection: Connection
  readonly model: Model
  readonly onDismiss: () => void
}

function Notices({ connection, model, onDismiss }: NoticesProps) {
  const dismiss = () => {
    model.restartedAt = undefined
    onDismiss()
  }
  const { restartedAt, tick } = model
  return html`${
    connection.kind === 'lost' &&
    html`<p class="notice warn">
      <strong>No connection since ${moment(connection.since)}</strong>: ${connection.reason}. Trying again; what is shown is
      old.
    </p>`
  }
  ${
    restartedAt !== undefined &&
    connection.kind === 'connected' &&
    html`<p class="notice">
      <span>The server was restarted at ${moment(restartedAt)}; its totals begin again.</span>
      <button type="button" class="action" onClick=${dismiss}>Dismiss</button>
    </p>`
  }
  ${tick?.problem && html`<p class="notice warn"><strong>Nothing new comes</strong>: ${tick.problem}.</p>`}`
}

function Figures({ model, now }: { readonly model: Model; readonly now: number }) {
  const { tick, begin, history } = model
  const logs = tick?.logs ?? []
  const live = logs.filter(({ state }) => state === 'live').length
  const troubled = logs.filter(isInTrouble).length
  const lag = logs.reduce((sum, { lagEntries }) => sum + (lagEntries ?? 0), 0)
  const up = tick !== undefined && begin !== undefined ? tick.at - begin.startedAt : null
  const figures: [string, string, string, boolean?][] = [
    ['Certificates a second', rate(history.mean(now, 10)), 'mean of 10 s'],
    ['Certificates', quantity(tick?.total ?? null), `in ${duration(up)}`],
    ['Logs', `${live} / ${logs.length}`, troubled === 0 ? 'live' : `live, ${troubled} in trouble`, troubled > 0],
    ['Entries to read', quantity(lag), 'over all logs'],
    ['Clients', quantity(tick?.clients ?? null), `and ${tick?.viewers ?? 0} pages`],
  ]
  return html`<dl class="figures" aria-label="Figures">
    ${figures.map(
      ([title, value, note, isBad]) => html`<div key=${title} class="card">
        <dt>${title}</dt>
        <dd class="value">${value}</dd>
        <dd class=${isBad ? 'bad' : 'muted'}>${note}</dd>
      </div>`,
    )}
  </dl>`
}
