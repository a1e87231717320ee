import { VERSION } from '../../version.js'
import type { Command } from '../command.js'
import { manPage } from '../flags/man-page.js'
import { Output } from '../terminal/output.js'

/** `ct-stream manual`: the manual page, which the build puts beside the program for man(1). */
export function manualCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'manual',
    summary: 'The manual page (mdoc), as man ct-stream shows it.',
    group: 'Help:',
    positionals: [],
    flags: [],
    examples: [['ct-stream manual | man -l -', 'where npm did not install it for man']],
    async run({ io }) {
      await new Output(io.stdout).write(manPage(commands(), VERSION, io.clock.now()), io.stop)
    },
  }
}
