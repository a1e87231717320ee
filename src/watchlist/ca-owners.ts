interface CaOwner {
  readonly name: string
  /** Domains that stand for it in CAA records (RFC 8659). */
  readonly domains: readonly string[]
  /** Organizations of its issuing certificates, besides `name`. */
  readonly organizations?: readonly string[]
}

/**
 * CAs that issue most certificates, with the domains by which CAA records allow them and the organizations that their issuing certificates
 * name. Resellers' brands that these CAs operate count as theirs.
 */
const OWNERS: readonly CaOwner[] = [
  { name: "Let's Encrypt", domains: ['letsencrypt.org'], organizations: ['Internet Security Research Group'] },
  {
    name: 'DigiCert',
    domains: ['digicert.com', 'symantec.com', 'geotrust.com', 'rapidssl.com', 'thawte.com'],
    organizations: [
      'DigiCert Inc',
      'DigiCert, Inc.',
      'GeoTrust, Inc.',
      'GeoTrust Inc.',
      'thawte, Inc.',
      'Symantec Corporation',
    ],
  },
  {
    name: 'Sectigo',
    domains: ['sectigo.com', 'comodo.com', 'comodoca.com', 'usertrust.com', 'trust-provider.com'],
    organizations: [
      'Sectigo Limited',
      'COMODO CA Limited',
      'The USERTRUST Network',
      'ZeroSSL',
      'ZeroSSL GmbH',
      'cPanel, Inc.',
    ],
  },
  {
    name: 'Google Trust Services',
    domains: ['pki.goog'],
    organizations: ['Google Trust Services LLC', 'Google Inc'],
  },
  { name: 'Amazon', domains: ['amazon.com', 'amazontrust.com', 'awstrust.com', 'amazonaws.com'] },
  { name: 'GlobalSign', domains: ['globalsign.com'], organizations: ['GlobalSign nv-sa', 'AlphaSSL'] },
  {
    name: 'GoDaddy',
    domains: ['godaddy.com', 'starfieldtech.com'],
    organizations: ['GoDaddy.com, Inc.', 'GoDaddy.com', 'Starfield Technologies, Inc.'],
  },
  { name: 'SSL.com', domains: ['ssl.com'], organizations: ['SSL Corporation', 'SSL Corp'] },
  { name: 'Entrust', domains: ['entrust.net'], organizations: ['Entrust, Inc.', 'AffirmTrust'] },
  { name: 'Actalis', domains: ['actalis.it'], organizations: ['Actalis S.p.A.'] },
  { name: 'Microsoft', domains: ['microsoft.com'], organizations: ['Microsoft Corporation'] },
  {
    name: 'SECOM',
    domains: ['secomtrust.net'],
    organizations: ['SECOM Trust Systems CO.,LTD.', 'SECOM Trust Systems Co., Ltd.'],
  },
  { name: 'JPRS', domains: ['jprs.jp'], organizations: ['Japan Registry Services Co., Ltd.'] },
  { name: 'Chunghwa Telecom', domains: ['cht.com.tw'], organizations: ['Chunghwa Telecom Co., Ltd.'] },
]

/** Lower-case organizations of an owner, by each of its names in lower case. */
const byName = new Map(
  OWNERS.flatMap(({ name, domains, organizations = [] }) => {
    const all = [name, ...organizations].map((one) => one.toLowerCase())
    return [...all, ...domains].map((one) => [one, new Set(all)] as const)
  }),
)

/**
 * Organizations, in lower case, by which issuing certificates of a CA owner are known. One that is not in the table is an organization.
 *
 * @param name - Of the owner, a domain of its in CAA records, or one of its organizations, in either case.
 */
export function organizationsOf(name: string): ReadonlySet<string> {
  const lower = name.toLowerCase()
  return byName.get(lower) ?? new Set([lower])
}
