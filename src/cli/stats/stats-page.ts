import { createHash } from 'node:crypto'
import type { StatisticsReport } from '../../intelligence/statistics-report.js'
import { cutText, harmless } from '../../util/harmless.js'
import { countText, percent, type Section, sectionsOf, summaryOf } from './sections.js'

const WIDTH = 720
const ROW = 22
const LABEL = 290
const NUMBERS = 130
const MAX_LABEL = 38
const SERIES_HEIGHT = 120

const CSS = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; --bar: #3b7dd8; --other: #9bbfee }
body { max-width: 48rem; margin: 2rem auto; padding: 0 1rem }
h2 { font-size: 1.1rem; margin: 1.6rem 0 .3rem }
body > svg { width: 100%; height: auto; display: block }
text { fill: currentColor; font-size: 13px }
.bar { fill: var(--bar) }
.other { fill: var(--other) }
.number { text-anchor: end }
p { margin: .2rem 0 }
`

/**
 * A report as one self-contained page: no script, no other host, no other file. Content of certificates appears only as escaped text.
 */
export function statsPage(report: StatisticsReport): string {
  const style = createHash('sha256').update(CSS).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'`
  const title = `Certificates from ${report.since} to ${report.until}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${CSS}</style>
</head>
<body>
<h1>Certificates</h1>
<p>${escaped(report.since)} to ${escaped(report.until)}</p>
${summaryOf(report)
  .map((sentence) => `<p>${escaped(sentence)}</p>`)
  .join('\n')}
${seriesChart(report)}
${sectionsOf(report)
  .map((section) => sectionChart(section, report.entries))
  .join('\n')}
</body>
</html>
`
}

/** Escapes text for content and for attribute values. */
export function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return harmless(text).replace(/[&<>"']/g, (character) => entities[character] ?? '')
}

/** Bars from left to right, a row each; shares are those of all entries. */
function sectionChart({ title, table, label }: Section, entries: number): string {
  const room = WIDTH - LABEL - NUMBERS
  const most = Math.max(1, ...table.rows.map(({ count }) => count))
  const rows = table.rows.map(({ name, count, error }, i) => {
    const text = label(name)
    const number = `${countText(count, error)} (${percent(count / Math.max(1, entries), 1)})`
    const y = i * ROW
    return `<g><title>${escaped(`${text}: ${number}`)}</title><svg y="${y}" width="${LABEL - 10}" height="${ROW}"><text x="0" y="15">${escaped(cutText(text, MAX_LABEL))}</text></svg><rect class="bar" x="${LABEL}" y="${y + 4}" width="${Math.max(1, Math.round((count / most) * room))}" height="${ROW - 8}"/><text class="number" x="${WIDTH}" y="${y + 15}">${escaped(number)}</text></g>`
  })
  const height = table.rows.length * ROW
  const others = table.unseen > 0 ? `\n<p>Others: each at most ${escaped(countText(table.unseen, 0))}.</p>` : ''
  return `<h2>${escaped(title)}</h2>
<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
${rows.join('\n')}
</svg>${others}`
}

/** Entries over time: columns, certificates on top of precertificates. */
function seriesChart({ series: { rows, spanMs } }: StatisticsReport): string {
  if (rows.length < 2) return ''
  const most = Math.max(1, ...rows.map(({ certificates, precertificates }) => certificates + precertificates))
  const column = WIDTH / rows.length
  const heightOf = (count: number) => (count / most) * SERIES_HEIGHT
  const columns = rows.map(({ certificates, precertificates }, i) => {
    const [low, high] = [heightOf(precertificates), heightOf(certificates)]
    const place = `x="${(i * column).toFixed(1)}" width="${Math.max(0.5, column - 0.5).toFixed(1)}"`
    return `<rect class="bar" ${place} y="${(SERIES_HEIGHT - low).toFixed(1)}" height="${low.toFixed(1)}"/><rect class="other" ${place} y="${(SERIES_HEIGHT - low - high).toFixed(1)}" height="${high.toFixed(1)}"/>`
  })
  return `<h2>Entries over time</h2>
<p>Precertificates, and on top certificates; a column is ${spanMs / 1000} s, the highest ${escaped(countText(most, 0))} entries.</p>
<svg viewBox="0 0 ${WIDTH} ${SERIES_HEIGHT}" role="img" aria-label="Entries over time">
${columns.join('\n')}
</svg>`
}
