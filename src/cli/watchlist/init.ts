import { writeFile } from 'node:fs/promises'
import type { CommandContext } from '../command.js'
import { usageError } from '../flags/usage-error.js'
import { Output } from '../terminal/output.js'
import type { WatchRequest } from './request.js'
import { WATCHLIST_NAME } from './run.js'

const FILE = 'ct-stream.config.json'

/** Flags of the stream that are copied into the config file. */
const kept = [
  ...(['log-list', 'operator', 'log-name', 'kind', 'log', 'key', 'submission-url'] as const),
  ...(['checkpoint', 'contact', 'proxy', 'module-threads'] as const),
]
const switches = ['no-checkpoint', 'allow-http'] as const

/**
 * `ct-stream watch … --init`: writes a config file with which `ct-stream --config` does the same, as a starting point. Only its owner can read
 * it, because it may hold passwords. An existing file is not overwritten.
 */
export async function writeConfig({ io, values }: CommandContext, { rules, outputs }: WatchRequest): Promise<void> {
  const flags = kept.flatMap((name) => {
    const value = values.text(name) ?? values.list(name)
    return value.length > 0 ? [[name, value] as const] : []
  })
  const on = switches.flatMap((name) => (values.switch(name) ? [[name, true] as const] : []))
  const config = {
    ...Object.fromEntries([...flags, ...on]),
    modules: [{ module: WATCHLIST_NAME, options: rules }, ...outputs.map(({ spec }) => spec)],
  }
  try {
    await writeFile(FILE, `${JSON.stringify(config, null, 2)}\n`, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw usageError(
      code === 'EEXIST'
        ? `there is a ${FILE} already: move it away, or change it`
        : `${FILE} cannot be written: ${message}`,
      cause,
    )
  }
  await new Output(io.stdout).write(
    `wrote ${FILE}; ct-stream --config ${FILE} runs it, and ct-stream modules --config ${FILE} shows it\n`,
  )
}
