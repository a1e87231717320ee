const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar of `share` of `columns`, rounded to an eighth of a column, but never empty for a positive share. */
export function bar(share: number, columns: number): string {
  const eighths = Math.min(columns * 8, Math.round(share * columns * 8))
  const least = share > 0 && eighths === 0 ? 1 : eighths
  return '█'.repeat(Math.floor(least / 8)) + (EIGHTHS[least % 8] ?? '')
}
