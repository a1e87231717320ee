import { CtStreamError } from '../../errors.js'
import { type ConfiguredModule, defineModule } from '../../modules/definition.js'
import type { FindingFormat } from '../formats/finding.js'
import type { Output } from '../terminal/output.js'

/** As long as a reader of stdout likes, a day at most. */
const PATIENCE_MS = 86_400_000

/**
 * Writes findings to stdout. A finding is finished with when the operating system has it, as a certificate is without modules: so
 * positions wait for this module.
 */
export function printer(output: Output, format: FindingFormat): ConfiguredModule {
  const module = defineModule({
    name: 'ct-stream/stdout',
    description: 'findings on stdout',
    acknowledge: true,
    // A reader who went away ends the run at once.
    limits: { timeoutMs: PATIENCE_MS, onError: 'stop-stream' },
    async onFindings(findings, { signal }) {
      const isWritten = await output.write(findings.map(format).join(''), signal)
      if (!isWritten) throw new CtStreamError('CT_CLOSED', 'nobody reads the findings any more')
    },
  })
  return { module }
}
