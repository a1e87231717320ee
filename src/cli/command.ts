import type { ConfigFile } from './flags/config-file.js'
import type { Flag } from './flags/flags.js'
import type { Values } from './flags/values.js'
import type { CliIo } from './io.js'

/** Arguments of a command. */
export interface CommandContext {
  readonly io: CliIo
  readonly values: Values
  /** Arguments that are not flags, after the command's name. */
  readonly positionals: readonly string[]
  /** The config file, whose values are included in {@link values}; `undefined` without one. */
  readonly config?: ConfigFile | undefined
}

/** One command, in a file of its own below `commands/`; listed in commands.ts. Help, completion and manual come from this too. */
export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** Heading in the list of commands. Default `Commands:`. */
  readonly group?: string
  /** Names of its positional arguments, all required except those in {@link optional}. */
  readonly positionals: readonly string[]
  /** Positional arguments that can be left out; the command determines which one is missing. */
  readonly optional?: readonly string[]
  /** Whether the last positional argument can be given more than once. */
  readonly repeats?: boolean
  /** Its flags, without the common ones. */
  readonly flags: readonly Flag[]
  /** Examples of command lines, and what they do. */
  readonly examples?: readonly (readonly [commandLine: string, what: string])[]
  /**
   * Given by a command that listens to `io.stop` and then ends by itself, within seconds: `done` when being stopped is how it ends well, with
   * status 0, as for streams and servers; `interrupted` when its work has an end. Default: nothing listens, so it is abandoned at once, and was
   * interrupted (status 1).
   */
  readonly whenStopped?: 'done' | 'interrupted'
  /** Runs the command. Loads its code itself, so that other commands start fast. */
  readonly run: (context: CommandContext) => Promise<void>
}
