import type { Logger } from '../../types/clock.js'
import type { CommandContext } from '../command.js'
import { findingText } from '../formats/finding.js'
import { jsonClock, logLevelFrom, reporter } from '../terminal/report.js'
import { noStyle, styleFor } from '../terminal/style.js'
import type { WatchRequest } from './request.js'
import { sampleFinding, sampleNames } from './sample.js'

/** Logs what is watched, where alerts go and what one looks like, so that silence afterwards can be understood as good news. */
export function announce({ io, values }: CommandContext, request: WatchRequest): void {
  if (['silent', 'error'].includes(logLevelFrom(values))) return
  const json = jsonClock(values, io.clock)
  const logger: Logger = reporter(io.stderr, 'info', styleFor(io.stderr, io.env), { json })
  const goal = request.outputs.length === 0 ? 'stdout' : request.outputs.map(({ from }) => from).join(', ')
  logger.info(`watching ${watched(request)}; alerts go to ${goal}`)
  const [name] = sampleNames(request.rules)
  const finding = name === undefined ? undefined : sampleFinding(name, request.rules, io.clock.now())
  if (finding !== undefined) logger.info(`an alert looks like this: ${findingText(finding, noStyle, undefined)}`)
}

function watched({ rules: { own = [], brands = [], lists = {}, lookalikeScore = 60 } }: WatchRequest): string {
  const files = Object.values(lists).flatMap((from) => from ?? [])
  return [
    ...own.slice(0, 10).map((rule) => (/^(=|\*\.|ip:)/.test(rule) ? rule : `${rule} and all below`)),
    ...(own.length > 10 ? [`${own.length - 10} more`] : []),
    ...files.map((from) => `the list ${from}`),
    ...(brands.length > 0
      ? [`look-alikes of ${brands.map(({ name }) => name).join(', ')} (from score ${lookalikeScore})`]
      : []),
  ].join(', ')
}
