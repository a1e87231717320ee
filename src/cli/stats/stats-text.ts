import type { StatisticsReport } from '../../intelligence/statistics-report.js'
import { harmless } from '../../util/harmless.js'
import { bar } from '../terminal/bars.js'
import type { Style } from '../terminal/style.js'
import { truncate, widthOf, wrap } from '../terminal/width.js'
import { countText, percent, sectionsOf, summaryOf } from './sections.js'

/** Default width of a line, and the largest. */
const DEFAULT_WIDTH = 80
const MOST_WIDTH = 120
const LEAST_BAR = 8
const SHARE_WIDTH = 7

/** A report as lines of at most `width` columns, at least 20. Shares refer to all entries. */
export function statsText(report: StatisticsReport, style: Style, width = DEFAULT_WIDTH): string {
  const room = Math.max(20, Math.min(width, MOST_WIDTH))
  const lines = summaryOf(report).flatMap((sentence) => wrap(sentence, room))
  for (const { title, table, label } of sectionsOf(report)) {
    const rows = table.rows.map(({ name, count, error }) => ({
      text: harmless(label(name)),
      count,
      number: countText(count, error),
    }))
    const numbers = Math.max(...rows.map(({ number }) => number.length))
    // Numbers get their width first, then names; bars get the rest, if there is any.
    const rest = room - numbers - SHARE_WIDTH - 4
    const names = Math.max(1, Math.min(Math.max(...rows.map(({ text }) => widthOf(text))), rest - LEAST_BAR))
    const bars = Math.max(0, rest - names)
    const most = Math.max(...rows.map(({ count }) => count))
    lines.push('', style.bold(truncate(title, room)))
    for (const { text, count, number } of rows) {
      const shown = truncate(text, names)
      const filled = bars < LEAST_BAR ? '' : bar(count / Math.max(1, most), bars)
      const padded = `${shown}${' '.repeat(Math.max(0, names - widthOf(shown)))}`
      const share = percent(count / Math.max(1, report.entries), 1).padStart(SHARE_WIDTH)
      const gap = ' '.repeat(Math.max(0, (bars < LEAST_BAR ? 0 : bars) - filled.length))
      lines.push(`${padded} ${style.cyan(filled)}${gap} ${number.padStart(numbers)} ${share}`)
    }
    if (table.unseen > 0) lines.push(...wrap(`others: each at most ${countText(table.unseen, 0)}`, room))
  }
  return `${lines.join('\n')}\n`
}
