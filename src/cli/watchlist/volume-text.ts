import { harmless } from '../../util/harmless.js'
import { formatCount } from '../terminal/quantities.js'
import type { Volume } from './volume.js'

const SHOWN_SUBJECTS = 20
/** Rule of three: nothing found among n means, with 95 % confidence, fewer than three in n. */
const RULE_OF_THREE = 3

/** The estimate in words, with its basis. */
export function volumeText({ issuances, logs, alerts, issuancesPerDay }: Volume): string {
  const total = alerts.reduce((sum, [, count]) => sum + count, 0)
  const rate = Math.max(total, total === 0 ? RULE_OF_THREE : 0) / issuances
  const about = total === 0 ? 'fewer than' : 'about'
  const daily =
    issuancesPerDay === undefined
      ? `${about} ${formatCount(Math.ceil(rate * 1_000_000))} in a million`
      : `${about} ${formatCount(Math.ceil(rate * issuancesPerDay))} a day, ` +
        `of the ${formatCount(issuancesPerDay)} issuances a day that these logs show`
  const shown = alerts
    .slice(0, SHOWN_SUBJECTS)
    .map(([subject, count]) => `  ${formatCount(count)} by ${harmless(subject)}\n`)
  const more = alerts.length > SHOWN_SUBJECTS ? [`  and ${alerts.length - SHOWN_SUBJECTS} more\n`] : []
  const sample = `${formatCount(issuances)} issuances of ${logs} ${logs === 1 ? 'log' : 'logs'}`
  return [`${formatCount(total)} ${total === 1 ? 'alert' : 'alerts'} in ${sample}: ${daily}\n`, ...shown, ...more].join(
    '',
  )
}
