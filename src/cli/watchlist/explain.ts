import type { CommandContext } from '../command.js'
import { Output } from '../terminal/output.js'
import type { WatchRequest } from './request.js'
import { compiledRules } from './rules.js'
import { certificateOf } from './sample.js'

/** `ct-stream watch explain NAME`: which rules a name meets and why, and whether it would be an alert. */
export async function explainName(context: CommandContext, name: string, { rules }: WatchRequest): Promise<void> {
  const { io } = context
  const watchlist = await compiledRules(rules, context)
  const least = rules.lookalikeScore ?? 60
  const verdicts = watchlist
    .concerns(certificateOf(name))
    .map(({ class: kind, severity, score }) =>
      kind === 'lookalike' && score < least
        ? `  no alert as a look-alike: its score is below ${least} (--score)`
        : `  an alert: ${kind}, ${severity}, score ${score}`,
    )
  await new Output(io.stdout).write(
    `${[...watchlist.explain(name), ...(verdicts.length > 0 ? verdicts : ['  no alert'])].join('\n')}\n`,
  )
}
