import { RULES, type RuleId } from '../../intelligence/rule.js'
import type { CountTable, StatisticsReport } from '../../intelligence/statistics-report.js'
import { formatCount, formatDuration, formatRate } from '../terminal/quantities.js'

/** One table of a report, for the terminal and the page. */
export interface Section {
  readonly title: string
  readonly table: CountTable
  /** Text for people, not escaped yet. */
  readonly label: (name: string) => string
}

const asItIs = (name: string) => name

/** The tables that have rows, in order. */
export function sectionsOf({ counts }: StatisticsReport): readonly Section[] {
  const sections: readonly Section[] = [
    { title: 'CAs', table: counts.caOwners, label: asItIs },
    { title: 'Issuers', table: counts.issuers, label: asItIs },
    { title: 'Logs', table: counts.logs, label: asItIs },
    { title: 'Keys', table: counts.keys, label: asItIs },
    { title: 'Validity', table: counts.validity, label: asItIs },
    { title: 'Validation', table: counts.validation, label: asItIs },
    { title: 'Top-level domains', table: counts.topLevelDomains, label: asItIs },
    { title: 'Registrable domains', table: counts.registrableDomains, label: asItIs },
    { title: 'Broken rules', table: counts.rules, label: ruleText },
  ]
  return sections.filter(({ table }) => table.rows.length > 0)
}

function ruleText(name: string): string {
  const rule = Object.hasOwn(RULES, name) ? RULES[name as RuleId] : undefined
  return rule === undefined ? name : `${rule.title} (${rule.clause})`
}

/** Sentences of a report beside its tables. */
export function summaryOf(report: StatisticsReport): readonly string[] {
  const { entries, certificates, precertificates, unparsable, distinct, newDomains, withoutCertificate } = report
  const passed = Math.max(1, Date.parse(report.until) - Date.parse(report.since))
  const lines = [
    `${formatCount(entries)} entries in ${formatDuration(passed)}, ${formatRate((entries * 1000) / passed)}: ${formatCount(precertificates)} precertificates, ${formatCount(certificates)} certificates, ${formatCount(unparsable)} unparsable`,
  ]
  if (entries === 0) return lines
  const { issuances, names, registrableDomains, keys } = distinct
  const about = ({ estimate }: { readonly estimate: number }) => formatCount(estimate)
  lines.push(
    `about ${about(issuances)} issuances, ${about(names)} names, ${about(registrableDomains)} registrable domains, ${about(keys)} keys (± ${percent(issuances.error, 1)})`,
  )
  if (newDomains.count !== null) lines.push(`${formatCount(newDomains.count)} registrable domains not seen before`)
  if (report.keyReuse > 0)
    lines.push(`${formatCount(report.keyReuse)} entries with a key that was seen with another registrable domain`)
  if (withoutCertificate.share !== null)
    lines.push(
      `${percent(withoutCertificate.share, 1)} of precertificates (± ${percent(withoutCertificate.error, 1)}) had no certificate after a day`,
    )
  return lines
}

/** `0.123` → `12.3 %`. */
export function percent(share: number, digits: number): string {
  return `${(share * 100).toFixed(digits)} %`
}

/** `1,234`, or `1,234 to 1,300` where it is not exact. */
export function countText(count: number, error: number): string {
  return error === 0 ? formatCount(count) : `${formatCount(count)} to ${formatCount(count + error)}`
}
