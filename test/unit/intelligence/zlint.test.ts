import { expect, it } from 'vitest'
import type { RuleId } from '../../../src/intelligence/rule.js'
import { describeReal, realData } from '../../real-data.js'
import { certificateIn, rulesOf } from './linted.js'

interface Cases {
  /** Files whose names say that they break the rule. */
  readonly broken: readonly string[]
  /** Files whose names say that they do not. */
  readonly fine: readonly string[]
}

/** Test certificates of zlint, by what their names and zlint's own tests say of them. */
const cases: Partial<Record<RuleId, Cases>> = {
  'validity-long': {
    broken: [
      'eeServerCertValidOver398',
      'exactlyOnFirstMilestoneLongerThan200days',
      'exactlyOnSecondMilestoneLongerThan100days',
      'subCertValidTimeTooLong',
    ],
    fine: [
      'eeServerCertValidOver397',
      'exactlyOnSecondMilestoneExactly100days',
      'exactlyOnThirdMilestoneExactly46days',
      'exactlyOnThirdMilestoneExactly47days',
      'justBeforeThirdMilestoneExactly100days',
      'withinThirdMilestoneLeapYear',
      'evValidNotTooLong825Days',
      'subCertValidTimeGood',
    ],
  },
  backdated: { broken: ['excbakdat_sct1_old1_eff1'], fine: ['excbakdat_sct1_old1_eff0'] },
  'serial-range': {
    broken: ['serialNumberLargeDueToSignedMSB'],
    fine: ['commonNamesGood', 'cana_sub1_srv1_cli1_eff1'],
  },
  'key-small': { broken: ['mpModulus1024'], fine: ['mpModulus2048', 'mpModulus4095', 'yesRsaLength'] },
  'key-size-odd': { broken: ['mpModulus4095'], fine: ['mpModulus2048', 'mpModulus1024'] },
  'key-exponent-small': { broken: ['noPubExpRange'], fine: ['yesPubExpRange'] },
  'key-curve': { broken: ['ecdsaP224'], fine: ['ecdsaP256', 'ecdsaP384', 'ecdsaP521', 'eccP256'] },
  'signature-weak': {
    broken: ['sha1ExpireAfter2017', 'sha1ExpirePrior2017', 'RSASHA1Good'],
    fine: ['sha1WithRSASignatureAlgorithm', 'rsaAlgIDNoNULLParams'],
  },
  'eku-server-auth': {
    broken: ['subExtKeyUsageMissing', 'empty_seq_of_eku'],
    fine: ['subExtKeyUsageServ', 'subExtKeyUsageServClient'],
  },
  'eku-forbidden': {
    broken: ['subExtKeyUsageServerAuthAndPreCertSigCert'],
    fine: ['subExtKeyUSageServerAndClientAuth'],
  },
  'eku-client-auth': {
    broken: ['cana_sub1_srv1_cli1_eff1'],
    fine: ['cana_sub1_srv1_cli1_eff0', 'cana_sub1_srv1_cli0_effx', 'cana_sub1_srv0_clix_effx'],
  },
  'san-missing': {
    broken: ['empty_seq_of_san', 'CNWithoutSANSeptember2021'],
    fine: ['SANWithCNSeptember2021', 'SANValidIP'],
  },
  'san-type': {
    broken: ['SANRFC822Beginning', 'SANRFC822End', 'SANRegisteredIdBeginning', 'SANURIValid'],
    fine: ['SANValidIP', 'SANdnsgoodsyntax'],
  },
  'name-syntax': {
    broken: [
      'SANDNSAsterisk',
      'SANDNSTooLong',
      'SANdnsbadsyntax',
      'SANdnshyphensyntax',
      'dnsNameBadCharacterInLabel',
      'dnsNameContainsQuestionMark',
      'dnsNameEmptyLabel',
      'dnsNameLabelTooLong',
      'newlinesInTLD',
      'gtlddnsnotdn',
    ],
    fine: ['SANdnsgoodsyntax', 'SANDNSWildcard', 'dnsNameNotEmptyLabel', 'dnsNameValidTLD'],
  },
  'name-reserved-label': { broken: [], fine: ['idnCorrectUnicode'] },
  'name-punycode': { broken: ['idnMalformedUnicode'], fine: ['idnCorrectUnicode', 'dnsNamesNFKC'] },
  'name-idn': { broken: ['dnsNamesNotNFC', 'dnsNamesNotNFKC'], fine: ['idnCorrectUnicode', 'dnsNamesNFKC'] },
  'name-internal': {
    broken: ['gtlddnsbad', 'dnsNameNotYetValidTLD'],
    fine: ['gtldcnvalid', 'dnsNameValidTLD', 'dnsNameOnionTLD', 'sanPrivatePublicSuffix'],
  },
  'name-arpa': {
    broken: ['arpa_sub1_rev40_rev61_eff1'],
    fine: ['arpa_sub1_rev40_rev61_eff0', 'arpa_sub1_rev41_rev60_eff0', 'arpa_sub1_rev40_rev60_effx'],
  },
  'wildcard-suffix': {
    broken: ['dnsNameWildcardLeftOfPublicSuffix', 'SANDNSWrongWildcard'],
    fine: ['dnsNameWildcardNotLeftOfPublicSuffix', 'SANDNSWildcard', 'sanPrivatePublicSuffix'],
  },
  'ip-reserved': { broken: ['SANIPv4Address', 'SANIPv6Address'], fine: ['SANValidIP'] },
  'cn-not-in-san': {
    broken: ['commonNamesURL', 'SANIPv4AddressNotMatchingCommonName', 'SANIPv6AddressNotMatchingCommonName'],
    fine: [
      'commonNamesGood',
      'commonNameInSAN',
      'SANWithCNSeptember2021',
      'SANIPv4Address',
      'SANIPv6Address',
      'idnCorrectUnicode',
    ],
  },
  'revocation-missing': {
    broken: ['sub1_val10_iat0_cdp0_ocsp0_eff1'],
    fine: [
      'sub1_val07_iatx_cdp0_ocsp0_eff1',
      'sub1_val07_iatx_cdp0_ocsp1_eff1',
      'sub1_val30_iatx_cdp0_ocsp0_eff0',
      'sub1_val30_iatx_cdp1_ocsp0_eff1',
    ],
  },
  'aia-missing': { broken: ['dvCountry'], fine: ['noAia', 'cdp_not_http_ok1'] },
}

/** Where zlint says otherwise, or the name of a file does, and why we do not. */
const disagreements: Readonly<Record<string, string>> = {
  'SANCaseNotMatchingCNSeptember2021: cn-not-in-san': 'zlint asks for the same case; no client tells them apart',
  'dnsNameUnderscoreInTRD: name-underscore':
    'it begins before underscores were forbidden (2019-04-01); zlint has a rule of its own for before',
  'dnsNameContainsBareIANASuffix: wildcard-suffix': 'a bare suffix is no wildcard; no rule of ours is about it',
  'rsaFermatFactorizationSusceptible: key-close-primes':
    'without purpose and names it is no TLS certificate; the modulus itself is tested with weak keys',
}

const file = (name: string) => realData('zmap+zlint', 'v3', 'testdata', `${name}.pem`)

describeReal("zlint's test certificates", () => {
  const rows = Object.entries(cases).flatMap(([rule, { broken, fine }]) => [
    ...broken.map((name) => [name, rule as RuleId, true] as const),
    ...fine.map((name) => [name, rule as RuleId, false] as const),
  ])

  it.each(rows)('%s: %s %s', (name, rule, isBroken) => {
    expect(rulesOf(certificateIn(file(name))).includes(rule)).toBe(isBroken)
  })

  it.each(Object.entries(disagreements))('%s is not reported: %s', (which) => {
    const [name = '', rule] = which.split(': ')
    expect(rulesOf(certificateIn(file(name)))).not.toContain(rule)
  })
})
