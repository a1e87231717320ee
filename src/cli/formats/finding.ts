import type { Finding, Severity } from '../../types/finding.js'
import { harmless, harmlessJson } from '../../util/harmless.js'
import { usageError } from '../flags/usage-error.js'
import type { Values } from '../flags/values.js'
import type { CliIo } from '../io.js'
import { type Style, styleFor } from '../terminal/style.js'
import { widthFor } from '../terminal/table.js'
import { truncate, widthOf } from '../terminal/width.js'

/** A finding as whole lines with their ends. */
export type FindingFormat = (finding: Finding) => string

/** The format the flags ask for: `text`, as on a terminal, or `json`. */
export function findingFormatFrom(values: Values, io: CliIo): FindingFormat {
  const given = values.text('template') === undefined ? values.text('format') : 'template'
  const name = given ?? (io.stdout.isTTY ? 'text' : 'json')
  if (name === 'json') return (finding) => `${harmlessJson(finding)}\n`
  if (name !== 'text')
    throw usageError(
      `${values.from(values.has('template') ? 'template' : 'format')} shows certificates, and with modules stdout has findings, ` +
        'as text or json; the module jsonl writes certificates ("what": "certificates")',
    )
  const style = styleFor(io.stdout, io.env)
  return (finding) => `${findingText(finding, style, widthFor(io.stdout))}\n`
}

/** One line: when, how bad, what of which name, why, and in which certificate; cut to `columns`, if there are so many. */
export function findingText(finding: Finding, style: Style, columns: number | undefined): string {
  const { firstSeen, severity, score, module, kind, subject, reasons, certificate } = finding
  const time = firstSeen.replace(/\.\d{3}Z$/, 'Z')
  const level = `${severity} ${score}`.padEnd('critical 100'.length)
  const why = reasons.map(({ text }) => text).join('; ')
  const issuer = certificate.issuer.organization ?? certificate.issuer.commonName ?? '-'
  const place = `${certificate.log.description} #${certificate.index}`
  const subjectText = subject === kind ? '' : `${subject}  `
  const rest = harmless(
    `${module} ${kind}  ${subjectText}${why}  ${certificate.dnsNames.slice(0, 3).join(' ')}  ${issuer}  ${place}`,
  )
  const room = columns === undefined ? undefined : columns - widthOf(`${time}  ${level}  `)
  const shown = room === undefined ? rest : truncate(rest, Math.max(20, room))
  return `${style.dim(time)}  ${paint(severity, style)(level)}  ${shown}`
}

function paint(severity: Severity, style: Style): (text: string) => string {
  return { info: style.dim, low: style.cyan, medium: style.yellow, high: style.red, critical: style.red }[severity]
}
