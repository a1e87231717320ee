import { jsonText } from '../../decode/index.js'
import type { CtCertificate } from '../../types/certificate.js'
import { harmless, harmlessJson, harmlessJsonText } from '../../util/harmless.js'
import { formatNames } from '../flags/flags.js'
import { usageError } from '../flags/usage-error.js'
import type { Values } from '../flags/values.js'
import type { CliIo } from '../io.js'
import { type Style, styleFor } from '../terminal/style.js'
import { widthFor } from '../terminal/table.js'
import { prettyText } from './pretty.js'
import { compileTemplate } from './template.js'
import { textLine } from './text.js'

export type FormatName = (typeof formatNames)[number]

/** A format of certificates. */
export interface Format {
  /** Whole lines, including line ends; `''` when there is nothing to show. */
  (cert: CtCertificate): string
  /** Fetches what the format shows beyond the entry; await it before `text`. Without it, less is shown. */
  readonly fetch?: (cert: CtCertificate) => Promise<unknown>
}

const noColumns = (): number | undefined => undefined

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` when a template is missing, superfluous or wrong. */
export function makeFormat(name: FormatName, style: Style, template?: string, columns = noColumns): Format {
  if (name === 'template') {
    if (template === undefined) throw usageError('--format template needs --template')
    const fill = compileTemplate(template)
    return (cert) => `${fill(cert)}\n`
  }
  if (template !== undefined) throw usageError(`--template goes with --format template, not ${name}`)
  switch (name) {
    case 'text':
      return (cert) => `${textLine(cert, style, columns())}\n`
    case 'pretty':
      return (cert) => `${prettyText(cert, style)}\n`
    case 'domains':
      return (cert) => cert.dnsNames.map((domain) => `${harmless(domain)}\n`).join('')
    case 'certstream':
      return certStream
    case 'certstream-lite':
      return (cert) => jsonLine(cert.toCertStream('lite'))
    case 'certstream-domains':
      return (cert) => jsonLine(cert.toCertStream('domains'))
    case 'json':
      return (cert) => `${harmlessJsonText(jsonText(cert))}\n`
  }
}

/** The full message. The chain of a static-ct entry is in it once it was fetched; otherwise it is empty. */
const certStream: Format = Object.assign((cert: CtCertificate) => jsonLine(cert.toCertStream('full')), {
  fetch: (cert: CtCertificate) => cert.chain(),
})

function jsonLine(json: object): string {
  return `${harmlessJson(json)}\n`
}

/** The format of the flags; `--template` alone is enough. Of two that contradict each other, the nearer one counts. */
export function formatFrom(values: Values, io: CliIo, fallback: FormatName): Format {
  const given = values.choice('format', formatNames)
  const template = isTemplatePassedOver(values) ? undefined : values.text('template')
  const isFormatPassedOver = template !== undefined && values.isNearer('template', 'format')
  const name = (isFormatPassedOver ? undefined : given) ?? (template === undefined ? fallback : 'template')
  // Read each time, because a terminal may change its size; a file or pipe has none.
  const columns = () => widthFor(io.stdout)
  return makeFormat(name, styleFor(io.stdout, io.env), template, columns)
}

/** Whether another `--format` is nearer than a template, as a flag is than a config file. */
export function isTemplatePassedOver(values: Values): boolean {
  const format = values.text('format')
  return format !== undefined && format !== 'template' && values.isNearer('format', 'template')
}
