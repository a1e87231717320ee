/** Whether the user or password of a URL can be decoded: a `URL` takes a "%" that begins no escape. */
export function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
