import type { Command } from '../command.js'
import { commonFlags, type Flag, helpText, uniqueFlags } from './flags.js'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** A script that completes commands, flags, and the values that are known beforehand; files and URLs are left to the shell. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  return { bash, zsh, fish }[shell](commands)
}

const flagsOf = (command: Command) => uniqueFlags([...command.flags, ...commonFlags])
const allFlags = (commands: readonly Command[]) => uniqueFlags(commands.flatMap(flagsOf))
const namesOf = (commands: readonly Command[]) => [...commands.map(({ name }) => name), 'help']
const isFile = ({ value = '' }: Flag) => value.includes('FILE')

function bash(commands: readonly Command[]): string {
  const [byDefault] = commands
  const cases = commands.map((command) => `    ${command.name}) flags="${flagsOf(command).map(wordsOf).join(' ')}" ;;`)
  const withValue = allFlags(commands).filter(({ type }) => type !== 'switch')
  return `# bash completion of ct-stream: eval "$(ct-stream completion bash)"
_ct_stream() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= word flags
  COMPREPLY=()
  # \`--flag=value\` comes in three words.
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  case $prev in
${withValue.map((flag) => `    ${patternOf(flag)}) ${bashValues(flag)}; return ;;`).join('\n')}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in ${namesOf(commands).join('|')}) command=$word; break ;; esac
  done
  case \${command:-${byDefault?.name}} in
${cases.join('\n')}
    help|completion) flags= ;;
  esac
  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  elif [[ -z $command ]]; then COMPREPLY=($(compgen -W "${namesOf(commands).join(' ')}" -- "$cur"))
  elif [[ $command == help ]]; then COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$cur"))
  elif [[ $command == completion ]]; then COMPREPLY=($(compgen -W "${shells.join(' ')}" -- "$cur"))
  else COMPREPLY=($(compgen -f -- "$cur")); fi
}
complete -o filenames -F _ct_stream ct-stream
`
}

function bashValues(flag: Flag): string {
  if (flag.choices !== undefined) return `COMPREPLY=($(compgen -W "${flag.choices.join(' ')}" -- "$cur"))`
  return isFile(flag) ? 'COMPREPLY=($(compgen -f -- "$cur"))' : ':'
}

function wordsOf({ name, short }: Flag): string {
  return short === undefined ? `--${name}` : `-${short} --${name}`
}

function patternOf({ name, short }: Flag): string {
  return short === undefined ? `--${name}` : `-${short}|--${name}`
}

function zsh(commands: readonly Command[]): string {
  const [byDefault] = commands
  const cases = commands.map(
    (command) => `    ${command.name})
      _arguments -s ${[...flagsOf(command).map(zshFlag), ...zshPositionals(command)].join(' \\\n        ')} ;;`,
  )
  return `#compdef ct-stream
# zsh completion of ct-stream: eval "$(ct-stream completion zsh)", or as a file _ct-stream in $fpath
_ct_stream() {
  local -a commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')}
    'help:Help of a command.'
  )
  local command=\${\${words[2,CURRENT-1]}[(r)(${namesOf(commands).join('|')})]}
  if [[ -z $command && $words[CURRENT] != -* && CURRENT -eq 2 ]]; then
    _describe command commands
    return
  fi
  if [[ -n $command ]]; then words=("\${(@)words:#$command}"); words=(ct-stream "\${(@)words[2,-1]}"); ((CURRENT--)); fi
  case \${command:-${byDefault?.name}} in
${cases.join('\n')}
    help) _describe command commands ;;
  esac
}
if [[ $funcstack[1] == _ct_stream || $funcstack[1] == _ct-stream ]]; then _ct_stream "$@"; else compdef _ct_stream ct-stream; fi
`
}

function zshPositionals({ name, positionals }: Command): string[] {
  if (name === 'completion') return [`'1:shell:(${shells.join(' ')})'`]
  return positionals.map((argument) => quoted(`:${argument}:${argument === 'file' ? '_files' : ' '}`))
}

function zshFlag(flag: Flag): string {
  const { name, short, type, value = 'TEXT', choices } = flag
  const help = helpText(flag)
  const repeat = type === 'list' ? '*' : ''
  const action = choices !== undefined ? `(${choices.join(' ')})` : isFile(flag) ? '_files' : ' '
  const rest = `[${help.replace(/[[\]:\\]/g, '\\$&')}]${type === 'switch' ? '' : `:${value}:${action}`}`
  const names = short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`]
  return names
    .map((one) => quoted(`${repeat}${one}${type === 'switch' || one.length === 2 ? '' : '='}${rest}`))
    .join(' ')
}

function fish(commands: readonly Command[]): string {
  const [byDefault] = commands
  const names = namesOf(commands).join(' ')
  const lines = [
    '# fish completion of ct-stream: ct-stream completion fish | source',
    'complete -c ct-stream -f',
    ...commands.map(
      ({ name, summary }) =>
        `complete -c ct-stream -n "not __fish_seen_subcommand_from ${names}" -a ${name} -d ${fishQuoted(summary)}`,
    ),
    `complete -c ct-stream -n "__fish_seen_subcommand_from help" -a "${commands.map(({ name }) => name).join(' ')}"`,
    `complete -c ct-stream -n "__fish_seen_subcommand_from completion" -a "${shells.join(' ')}"`,
    'complete -c ct-stream -n "__fish_seen_subcommand_from decode" -F',
  ]
  for (const command of commands) {
    const seen = `__fish_seen_subcommand_from ${command.name}`
    const when = command === byDefault ? `not __fish_seen_subcommand_from ${names}; or ${seen}` : seen
    for (const flag of flagsOf(command)) lines.push(`complete -c ct-stream -n "${when}" ${fishFlag(flag)}`)
  }
  return `${lines.join('\n')}\n`
}

function fishFlag(flag: Flag): string {
  const { name, short, type, choices } = flag
  const help = helpText(flag)
  const value =
    type === 'switch' ? [] : choices !== undefined ? [`-x -a "${choices.join(' ')}"`] : [isFile(flag) ? '-r -F' : '-x']
  return [...(short === undefined ? [] : [`-s ${short}`]), `-l ${name}`, ...value, `-d ${fishQuoted(help)}`].join(' ')
}

/** In single quotes for bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function fishQuoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`
}
