import type { Command } from '../command.js'
import { completionScript, shells } from '../flags/completion.js'
import { usageError } from '../flags/usage-error.js'
import { Output } from '../terminal/output.js'

/** `ct-stream completion <shell>`: a script for the shell. */
export function completionCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    summary: 'Completion of commands and flags for a shell: bash, zsh or fish.',
    group: 'Help:',
    positionals: ['shell'],
    flags: [],
    examples: [
      ['eval "$(ct-stream completion bash)"', 'in ~/.bashrc'],
      ['eval "$(ct-stream completion zsh)"', 'in ~/.zshrc, after compinit'],
      ['ct-stream completion fish | source', 'in ~/.config/fish/config.fish'],
    ],
    async run({ io, positionals: [name = ''] }) {
      const shell = shells.find((one) => one === name)
      if (shell === undefined)
        throw usageError(`<shell> must be one of ${shells.join(', ')}, got ${JSON.stringify(name)}`)
      await new Output(io.stdout).write(completionScript(shell, commands()), io.stop)
    },
  }
}
