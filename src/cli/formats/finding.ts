import type { Finding, Severity } from '../../types/finding.js'
import { harmless, harmlessJson } from '../../util/harmless.js'
import { usageError } from '../flags/usage-error.js'
import type { Values } from '../flags/values.js'
import type { CliIo } from '../io.js'
import { type Style, styleFor } from '../terminal/style.js'
import { widthFor } from '../terminal/table.js'
import { truncate, widthOf } from '../terminal/width.js'
import { isTemplatePassedOver } from './format.js'

/** Formats a finding as whole lines, including line ends. */
export type FindingFormat = (finding: Finding) => string

/** The format of the flags; by default `text` on a terminal, else `json`. */
export function findingFormatFrom(values: Values, io: CliIo): FindingFormat {
  const hasTemplate = values.has('template') && !isTemplatePassedOver(values)
  const given = hasTemplate ? 'template' : values.text('format')
  const name = given ?? (io.stdout.isTTY ? 'text' : 'json')
  if (name === 'json') return (finding) => `${harmlessJson(finding)}\n`
  if (name !== 'text')
    throw usageError(
      `${values.from(hasTemplate ? 'template' : 'format')} shows certificates, and with modules stdout has findings, ` +
        'as text or json; the module jsonl writes certificates ("what": "certificates")',
    )
  const style = styleFor(io.stdout, io.env)
  return (finding) => `${findingText(finding, style, widthFor(io.stdout))}\n`
}

/** One line: time, severity, name, reason, certificate. The most important comes first, for narrow terminals. */
export function findingText(finding: Finding, style: Style, columns: number | undefined): string {
  const { firstSeen, severity, score, module, kind, subject, reasons, certificate } = finding
  const time = firstSeen.replace(/\.\d{3}Z$/, 'Z')
  const level = `${severity} ${Math.round(score)}`.padEnd('critical 100'.length)
  const why = reasons.map(({ text }) => text).join('; ')
  const issuer = certificate.issuer.organization ?? certificate.issuer.commonName ?? '-'
  const place = `${certificate.log.description} #${certificate.index}`
  const what = [module, kind, ...(subject === kind ? [] : [subject])].join(' ')
  const rest = harmless(`${nameText(finding)}  ${why}  ${what}  ${issuer}  ${place}`)
  const room = columns === undefined ? undefined : columns - widthOf(`${time}  ${level}  `)
  const shown = room === undefined ? rest : truncate(rest, Math.max(20, room))
  return `${style.dim(time)}  ${paint(severity, style)(level)}  ${shown}`
}

/** The name of the finding, and how many other names the certificate has. */
function nameText({ reasons, certificate: { dnsNames } }: Finding): string {
  const name = reasons.find((reason) => reason.name !== undefined)?.name ?? dnsNames[0] ?? '-'
  const others = dnsNames.filter((other) => other !== name).length
  return others === 0 ? name : `${name} +${others}`
}

function paint(severity: Severity, style: Style): (text: string) => string {
  return { info: style.dim, low: style.cyan, medium: style.yellow, high: style.red, critical: style.red }[severity]
}
