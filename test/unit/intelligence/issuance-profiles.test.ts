import fc from 'fast-check'
import { expect, it } from 'vitest'
import { IssuanceProfiles } from '../../../src/intelligence/issuance-profiles.js'
import { StringHash } from '../../../src/intelligence/string-hash.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { madeCertificates } from '../../support/module-certificates.js'

const [cert] = madeCertificates(1) as [CtCertificate]

function profileOf(profiles: IssuanceProfiles, runs: readonly Uint8Array[]) {
  // Somewhere in a page, so that words begin anywhere.
  const page = new Uint8Array(4096).fill(0x55)
  const bytes = page.subarray(3)
  profiles.begin(bytes)
  let at = 1
  for (const run of runs) {
    bytes.set(run, at)
    expect(profiles.add(at, at + run.length)).toBe(true)
    at += run.length + 5
  }
  return profiles.profile(cert)
}

it('knows profiles that differ in one octet apart, wherever it is, and remembers each', () => {
  const profiles = new IssuanceProfiles()
  const runs = [4, 5, 37, 64, 100].map((length, i) => Uint8Array.from({ length }, (_, at) => i * 31 + at))
  const first = profileOf(profiles, runs)
  const others = new Set([first])
  for (const [i, run] of runs.entries())
    for (let at = 0; at < run.length; at++) {
      const changed = runs.with(i, run.with(at, 0xff))
      const profile = profileOf(profiles, changed)
      expect(others).not.toContain(profile)
      others.add(profile)
      expect(profileOf(profiles, changed)).toBe(profile)
      expect(profileOf(profiles, runs)).toBe(first)
    }
})

it('knows the same octets in other runs apart', () => {
  const profiles = new IssuanceProfiles()
  const octets = Uint8Array.from({ length: 16 }, (_, at) => at)
  const made = [[octets], [octets.subarray(0, 8), octets.subarray(8)], [octets.subarray(0, 4), octets.subarray(4)]]
  expect(new Set(made.map((runs) => profileOf(profiles, runs))).size).toBe(3)
})

it('takes no run of less than four octets, and not too many', () => {
  const profiles = new IssuanceProfiles()
  profiles.begin(new Uint8Array(5000))
  expect([profiles.add(0, 3), profiles.add(0, 2049), profiles.add(0, 2048), profiles.add(0, 4)]).toEqual([
    ...[false, false, true, false],
  ])
})

it('hashes ASCII as text and as octets to the same, wherever the octets are', () => {
  const ascii = fc.string({ unit: 'binary-ascii', maxLength: 300 })
  const hash = new StringHash(() => 0.3)
  fc.assert(
    fc.property(ascii, fc.nat(7), (text, at) => {
      const { high, low } = hash.of(text)
      const bytes = new Uint8Array(at + text.length)
      bytes.set(Buffer.from(text), at)
      expect(hash.ofBytes(bytes, at, bytes.length)).toMatchObject({ high, low })
    }),
  )
})
