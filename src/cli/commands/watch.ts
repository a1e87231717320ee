import type { Command, CommandContext } from '../command.js'
import { reportFlags } from '../flags/flags.js'
import { metricsFlags } from '../flags/metrics-flags.js'
import { moduleThreadsFlag, namedModuleFile } from '../flags/module-flag.js'
import { sourceFlag } from '../flags/source-flag.js'
import { usageError } from '../flags/usage-error.js'
import { watchedStreamFlags, watchFlags } from '../flags/watch-flags.js'

const flags = [...watchFlags, ...watchedStreamFlags, sourceFlag, moduleThreadsFlag, ...metricsFlags, ...reportFlags]

/** `ct-stream watch`: alerts for names of one's own, and for those that look like them. */
export const watchCommand: Command = {
  name: 'watch',
  summary:
    'Who issues for your domains, and which names look like them: alerts to a terminal, URL, program, mail or file.',
  positionals: ['domain'],
  optional: ['domain'],
  repeats: true,
  flags,
  examples: [
    ['ct-stream watch example.com --demo', 'what an alert looks like, at once and offline'],
    ['ct-stream watch example.com --webhook https://hooks.slack.com/…', 'alerts to a channel'],
    ['ct-stream watch example.com --brand Example --exec ./alert.sh', 'a program for each alert'],
    ['ct-stream watch example.com --source wss://certstream.example/full-stream', 'as a CertStream server tells it'],
    ['ct-stream watch explain examp1e-login.top example.com', 'which rules a name meets, and why'],
    ['ct-stream watch test words:words.txt', 'rules that are too broad, and how many alerts a day they would make'],
  ],
  whenStopped: 'done',
  run: runWatch,
}

/** A subcommand cannot be confused with a domain, because it has no dot. */
async function runWatch(context: CommandContext): Promise<void> {
  const { positionals, values } = context
  const [first, ...rest] = positionals
  const { watchRequest } = await import('../watchlist/request.js')
  if (first === 'explain') {
    const [name, ...domains] = rest
    if (name === undefined)
      throw usageError('ct-stream watch explain needs a name, then your domains: explain NAME example.com')
    const { explainName } = await import('../watchlist/explain.js')
    return explainName(context, name, watchRequest(values, domains))
  }
  if (first === 'test') {
    const { testLists } = await import('../watchlist/list-test.js')
    return testLists(context, watchRequest(values, [], rest))
  }
  refuseModules(context)
  if (values.switch('demo')) {
    const { watchDemo } = await import('../watchlist/demo.js')
    return watchDemo(
      context,
      watchRequest(values, positionals.length === 0 && !values.has('brand') ? ['example.com'] : positionals),
    )
  }
  const request = watchRequest(values, positionals)
  if (values.switch('init')) return (await import('../watchlist/init.js')).writeConfig(context, request, flags)
  return (await import('../watchlist/run.js')).watchNames(context, request)
}

/** Beside the rules of the command line, those of a `watchlist` in the file would make each alert twice, or other alerts than were asked for. */
function refuseModules(context: CommandContext): void {
  const path = namedModuleFile(context)
  if (path === undefined) return
  throw usageError(
    `ct-stream watch runs no modules of ${path}: ct-stream --config ${path} runs them, with the rules and outputs of the file; ` +
      'or leave them out of the file, and say with flags where alerts go',
  )
}
