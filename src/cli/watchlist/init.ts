import { writeFile } from 'node:fs/promises'
import type { CommandContext } from '../command.js'
import type { Flag } from '../flags/flags.js'
import { usageError } from '../flags/usage-error.js'
import type { Values } from '../flags/values.js'
import { Output } from '../terminal/output.js'
import type { WatchRequest } from './request.js'
import { WATCHLIST_NAME } from './run.js'

const FILE = 'ct-stream.config.json'

/**
 * `ct-stream watch … --init`: writes a config file with which `ct-stream --config` does the same, as a starting point. Only its owner can read
 * it, because it may hold passwords. An existing file is not overwritten.
 *
 * @param flags - Those of the command; what a config file can say is copied.
 */
export async function writeConfig(
  { io, values }: CommandContext,
  { rules, outputs }: WatchRequest,
  flags: readonly Flag[],
): Promise<void> {
  const kept = flags.filter(({ name, isFlagOnly = false }) => !isFlagOnly && values.has(name))
  const config = {
    ...Object.fromEntries(kept.map((flag) => [flag.name, givenFor(flag, values)])),
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

function givenFor({ name, type }: Flag, values: Values): string | boolean | readonly string[] | undefined {
  if (type === 'switch') return values.switch(name)
  return type === 'list' ? values.list(name) : values.text(name)
}
