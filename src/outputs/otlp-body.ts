import type { Finding, Severity } from '../types/finding.js'
import { VERSION } from '../version.js'
import { findingLine } from './chat-text.js'

/** Numbers and names of the data model of logs. */
const SEVERITIES: Readonly<Record<Severity, readonly [number, string]>> = {
  info: [9, 'INFO'],
  low: [10, 'INFO2'],
  medium: [13, 'WARN'],
  high: [17, 'ERROR'],
  critical: [21, 'FATAL'],
}
const MAX_LISTED = 100

type Value = string | number | readonly string[] | undefined | null

/** An `ExportLogsServiceRequest` in the JSON of OTLP. @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
export function otlpRequest(findings: readonly Finding[], serviceName: string, now: number) {
  return {
    resourceLogs: [
      {
        resource: { attributes: attributes({ 'service.name': serviceName, 'service.version': VERSION }) },
        scopeLogs: [
          { scope: { name: 'ct-stream', version: VERSION }, logRecords: findings.map((one) => record(one, now)) },
        ],
      },
    ],
  }
}

function record(finding: Finding, now: number) {
  const { id, module, kind, subject, severity, score, reasons, certificate: c, firstSeen } = finding
  const [severityNumber, severityText] = SEVERITIES[severity]
  return {
    timeUnixNano: nanoseconds(Date.parse(firstSeen)),
    observedTimeUnixNano: nanoseconds(now),
    severityNumber,
    severityText,
    eventName: 'ct_stream.finding',
    body: { stringValue: findingLine(finding) },
    attributes: attributes({
      'ct_stream.finding.id': id,
      'ct_stream.finding.module': module,
      'ct_stream.finding.kind': kind,
      'ct_stream.finding.subject': subject,
      'ct_stream.finding.score': score,
      'ct_stream.finding.reasons': reasons.slice(0, MAX_LISTED).map(({ text }) => text),
      'ct_stream.log.id': c.log.id,
      'ct_stream.log.description': c.log.description,
      'ct_stream.log.index': c.index,
      'ct_stream.certificate.kind': c.kind,
      'ct_stream.certificate.dns_names': c.dnsNames.slice(0, MAX_LISTED),
      'ct_stream.certificate.serial_number': c.serialNumber,
      'tls.server.hash.sha256': c.sha256?.toUpperCase(),
      'tls.server.issuer': c.issuer.text,
      'tls.server.subject': c.subject.text,
      'tls.server.not_before': c.notBefore,
      'tls.server.not_after': c.notAfter,
    }),
  }
}

function attributes(values: Readonly<Record<string, Value>>) {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined || value === null ? [] : [{ key, value: anyValue(value) }],
  )
}

function anyValue(value: string | number | readonly string[]) {
  if (typeof value === 'string') return { stringValue: wellFormed(value) }
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  return { arrayValue: { values: value.map((text) => ({ stringValue: wellFormed(text) })) } }
}

/** Half a surrogate pair is no UTF-8, and no collector takes it. */
const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, '\ufffd')

const nanoseconds = (ms: number): string => `${Math.trunc(ms)}000000`
