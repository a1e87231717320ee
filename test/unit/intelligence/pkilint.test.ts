import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { RuleId } from '../../../src/intelligence/rule.js'
import { describeReal, realData } from '../../real-data.js'
import { certificateIn, rulesOf } from './linted.js'

/** What pkilint calls what our rules are about. */
const ruleOf: readonly (readonly [code: RegExp, rule: RuleId])[] = [
  [/certificate_validity_period_exceeds_/, 'validity-long'],
  [/internal_ip_address/, 'ip-reserved'],
  [/ip_reverse_zone_domain_name_present/, 'name-arpa'],
  [/subscriber\.revocation_information_absent/, 'revocation-missing'],
  [/serverauth_eku_absent/, 'eku-server-auth'],
  [/(codesigning|emailprotection|any)_eku_present/, 'eku-forbidden'],
  [/dnsname_contains_prohibited_reserved_label/, 'name-reserved-label'],
  [/prohibited_san_type/, 'san-type'],
  [/rsa_exponent_prohibited_value/, 'key-exponent'],
  [/subscriber_prohibited_ku_present/, 'key-usage'],
  [/invalid_domain_name|internal_domain_name/, 'name-internal'],
  [/common_name.*not.*san/, 'cn-not-in-san'],
  [/prohibited_signature_algorithm_encoding/, 'signature-weak'],
]

/** Where pkilint and we differ, and why. */
const disagreements: Readonly<Record<string, string>> = {
  'prohibited_eku_present: eku-forbidden':
    'pkilint judges all certificates by today’s rules; this one is older than the rule',
  'givenname_too_long: validity-long': 'older than the limit that pkilint judges it by',
  'aki_issuer_cert_info_present: validity-long': 'older than the limit that pkilint judges it by',
  'bad_rsa_exponent: validity-long': 'older than the limit that pkilint judges it by',
  'bad_rsa_exponent: key-usage': 'older than the profiles of 2023',
  'bad_rsa_exponent: signature-weak': 'SHA-1 was allowed when it was made',
}

/** Beyond what pkilint lists: rules that it does not check, or leaves to another program. */
const ownRules: readonly RuleId[] = ['forward-dated', 'eku-client-auth']

const folder = realData('digicert+pkilint', 'tests', 'integration_certificate', 'tls_br')

describeReal("pkilint's TLS test certificates", () => {
  const kinds = ['dv_final', 'ov_final', 'iv_final', 'ev_final', 'ov_pre', 'ev_pre'].map(
    (kind) => `${kind}_certificate`,
  )
  const files = kinds.flatMap((kind) => readdirSync(join(folder, kind)).map((name) => join(folder, kind, name)))
  const met = new Set<string>()

  it.each(files.map((file) => [file.split('/').at(-1)?.replace('.crttest', '') ?? '', file]))('%s', (name, file) => {
    const [, listed = ''] = readFileSync(file, 'latin1').split('-----END CERTIFICATE-----')
    const codes = listed.split('\n').flatMap((line) => line.split(',')[3] ?? [])
    const expected = new Set(
      codes.flatMap((code) => ruleOf.filter(([pattern]) => pattern.test(code)).map(([, rule]) => rule)),
    )
    for (const key of Object.keys(disagreements)) {
      const [of, rule] = key.split(': ')
      if (of === name && expected.delete(rule as RuleId)) met.add(key)
    }
    const found = rulesOf(certificateIn(file)).filter((rule) => !ownRules.includes(rule))
    expect(found.sort()).toEqual([...expected].sort())
  })

  it('differ from ours where it is said why, and nowhere else', () => {
    expect([...met].sort()).toEqual(Object.keys(disagreements).sort())
  })
})
