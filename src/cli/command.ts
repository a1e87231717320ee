import type { ConfigFile } from './flags/config-file.js'
import type { Flag } from './flags/flags.js'
import type { Values } from './flags/values.js'
import type { CliIo } from './io.js'

/** What a command is run with. */
export interface CommandContext {
  readonly io: CliIo
  readonly values: Values
  /** Arguments that are not flags, after the command's name. */
  readonly positionals: readonly string[]
  /** The config file, its values among {@link values}; `undefined` without one. */
  readonly config?: ConfigFile | undefined
}

/** One command, in a file of its own below `commands/`; listed in commands.ts. Help, completion and manual come from this too. */
export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** Heading in the list of commands. Default `Commands:`. */
  readonly group?: string
  /** Names of its positional arguments, all needed but those in {@link optional}. */
  readonly positionals: readonly string[]
  /** Positional arguments that can be left out; which one it was is for the command to tell. */
  readonly optional?: readonly string[]
  /** Whether the last positional argument can be given more than once. */
  readonly repeats?: boolean
  /** Beside the common ones. */
  readonly flags: readonly Flag[]
  /** Command lines to begin with, and what they do. */
  readonly examples?: readonly (readonly [commandLine: string, what: string])[]
  /** Loads what it needs itself, so that the others start fast. */
  readonly run: (context: CommandContext) => Promise<void>
}
