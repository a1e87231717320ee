import type { Match, MatchReason } from './match.js'
import { printable } from './printable.js'

/** The matches of a name as lines of printable ASCII, for a terminal or a log. */
export function explained(name: string, matches: readonly Match[]): string[] {
  const meant = [...new Set(matches.map((match) => match.name))].filter((other) => other !== name)
  const lines = [
    `${printable(name)}${meant.length === 0 ? '' : `, read as ${meant.map((other) => printable(other)).join(', ')}`}`,
  ]
  if (matches.length === 0) lines.push('  meets no rule')
  for (const match of matches) {
    lines.push(`  ${titleOf(match)}: score ${match.score}`)
    for (const reason of match.reasons) lines.push(`    ${reasonLine(reason, match.name)}`)
  }
  return lines
}

function titleOf({ kind, rule, brand }: Match): string {
  if (kind === 'lookalike') return `look-alike of ${printable(brand ?? '')} (${rule})`
  const kinds = { own: 'own name', word: 'word', pattern: 'pattern' }
  return `${kinds[kind]} ${printable(rule)}`
}

function reasonLine({ points, text, at }: MatchReason, name: string): string {
  const place = at === undefined ? '' : ` at ${at[0]} to ${at[1]}: ${printable(name.slice(...at))}`
  return `${points < 0 ? '-' : '+'}${String(Math.abs(points)).padEnd(3)} ${asciiOf(text)}${place}`
}

function asciiOf(text: string): string {
  return printable(text, 500).slice(1, -1)
}
