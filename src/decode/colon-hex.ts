const colon = ':'.charCodeAt(0)

/** Hexadecimal with a colon between octets. */
export function colonHex(hex: string): string {
  const text = Buffer.allocUnsafe(Math.floor(hex.length * 1.5))
  let at = 0
  for (let i = 0; i < hex.length; i++) {
    if (i > 0 && i % 2 === 0) text[at++] = colon
    text[at++] = hex.charCodeAt(i)
  }
  return text.toString('latin1', 0, at)
}
