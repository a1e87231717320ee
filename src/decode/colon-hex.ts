/** Hexadecimal with a colon between octets. */
export function colonHex(hex: string): string {
  return hex.replace(/..(?=.)/g, '$&:')
}
