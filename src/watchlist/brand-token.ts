/** How a brand is written in names: `Müller & Co` is `muller-co` there, or `mullerco`. Empty where it has no letter that names have. */
export function brandTokens(name: string): string[] {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const token = plain.replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '')
  if (token.length < 2 || token.length > 63 || !/[a-z]/.test(token)) return []
  return [...new Set([token, token.replaceAll('-', '')])]
}
