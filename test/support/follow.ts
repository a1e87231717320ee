import type { CtStream } from '../../src/stream/ct-stream.js'
import type { CtCertificate } from '../../src/types/certificate.js'

/** Reads up to `limit` certificates, then leaves the loop. */
export async function take(stream: CtStream, limit = Number.POSITIVE_INFINITY): Promise<CtCertificate[]> {
  const certificates: CtCertificate[] = []
  for await (const certificate of stream) {
    certificates.push(certificate)
    if (certificates.length >= limit) break
  }
  return certificates
}

/** Reads pages to the end. */
export async function takePages(stream: CtStream): Promise<CtCertificate[]> {
  const certificates: CtCertificate[] = []
  for await (const page of stream.batches()) certificates.push(...page)
  return certificates
}

export const indexesOf = (certificates: readonly CtCertificate[]): number[] => certificates.map(({ index }) => index)

/** `[start, end)`. */
export const range = (start: number, end: number): number[] => Array.from({ length: end - start }, (_, i) => start + i)
