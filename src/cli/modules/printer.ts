import { CtStreamError } from '../../errors.js'
import { type ConfiguredModule, defineModule } from '../../modules/definition.js'
import type { FindingFormat } from '../formats/finding.js'
import type { Output } from '../terminal/output.js'

/** How long the reader of stdout may take, milliseconds: a day. */
const PATIENCE_MS = 86_400_000

/**
 * Writes findings to stdout. A finding is finished when the operating system has taken it, like a certificate without modules, so
 * positions wait for this module.
 */
export function printer(output: Output, format: FindingFormat): ConfiguredModule {
  const module = defineModule({
    name: 'ct-stream/stdout',
    description: 'findings on stdout',
    acknowledge: true,
    // A closed stdout ends the run at once.
    limits: { timeoutMs: PATIENCE_MS, onError: 'stop-stream' },
    async onFindings(findings, { signal }) {
      const isWritten = await output.write(findings.map(format).join(''), signal)
      if (!isWritten) throw new CtStreamError('CT_CLOSED', 'nobody reads the findings any more')
    },
  })
  return { module }
}
