import type { TestIssuer } from './certificate-authority.js'
import type { NameAttributes } from './certificate-parts.js'
import { type CertificateTemplate, createTemplate, LABEL } from './certificate-template.js'
import { SeededKey, type SeededRandom, seededRsaSpki } from './seeded.js'

/** The shapes of certificates that {@link issueCertificates} makes. */
export type CertificateShape =
  | 'single'
  | 'www'
  | 'wildcard'
  | 'idn'
  | 'no-subject'
  | 'ip-only'
  | 'many-names'
  | 'organization'
  | 'extended-validation'

/** Every shape, in the order of the documentation. */
export const CERTIFICATE_SHAPES: readonly CertificateShape[] = Object.freeze([
  'single',
  'www',
  'wildcard',
  'idn',
  'no-subject',
  'ip-only',
  'many-names',
  'organization',
  'extended-validation',
])

/** Relative frequency of each shape, as in a large log of today. */
const WEIGHTS: Readonly<Record<CertificateShape, number>> = {
  single: 330,
  www: 240,
  wildcard: 150,
  idn: 20,
  'no-subject': 120,
  'ip-only': 10,
  'many-names': 30,
  organization: 80,
  'extended-validation': 20,
}

/** Templates with their frequencies. */
export interface TemplateSet {
  /** The template for a uniform random 32-bit number. */
  pick(random32: number): CertificateTemplate
}

const DAY = 86_400_000
// Names reserved by RFC 2606, so that no test certificate names a real host.
const STEMS = [
  'shop.example',
  'blog.example.com',
  'mail.example.net',
  'example.org',
  'api.cloud.example',
  'dev.internal.test',
  'cdn.static.example.net',
  'portal.city-council.example',
] as const
const IDN_STEMS = [
  'xn--bcher-kva.example',
  'xn--mnchen-3ya.example.org',
  'xn--fiqs8s.test',
  'xn--e1afmkfd.example',
] as const
const ORGANIZATIONS: readonly { o: string; c: string; st: string; l: string }[] = [
  { o: 'Example Widgets, Inc.', c: 'US', st: 'California', l: 'San Francisco' },
  { o: 'Beispiel Versicherung AG', c: 'DE', st: 'Bayern', l: 'München' },
  { o: 'Société d’Exemple S.A.', c: 'FR', st: 'Île-de-France', l: 'Paris' },
  { o: '例株式会社', c: 'JP', st: 'Tokyo', l: 'Chiyoda-ku' },
]

export function createTemplates(
  seed: string,
  random: SeededRandom,
  issuers: readonly TestIssuer[],
  shapes: readonly CertificateShape[],
  maxNames: number,
): TemplateSet {
  const ecKeys = Array.from({ length: 4 }, (_, i) => new SeededKey(`${seed}/subject/${i}`).spki)
  const rsaKeys = Array.from({ length: 4 }, () => seededRsaSpki(random))
  const automated = issuers.filter((issuer) => issuer.family === 'automated')
  const commercial = issuers.filter((issuer) => issuer.family === 'commercial')

  const make = (
    shape: CertificateShape,
    i: number,
    part: {
      readonly subject: NameAttributes
      readonly dnsNames: readonly string[]
      readonly issuer?: TestIssuer
      readonly policy?: 'DV' | 'OV' | 'EV'
      readonly addresses?: boolean
      readonly days?: number
    },
  ) => {
    const rsa = shape !== 'extended-validation' && i % 3 === 1
    return createTemplate({
      issuer: part.issuer ?? (automated[i % automated.length] as TestIssuer),
      subject: part.subject,
      dnsNames: part.dnsNames,
      addresses: part.addresses ?? false,
      spki: (rsa ? rsaKeys : ecKeys)[i % 4] as Buffer,
      rsa,
      policy: part.policy ?? 'DV',
      lifetimeMs: (part.days ?? 90) * DAY - 1000,
    })
  }
  const withCn = (dnsNames: readonly string[]) => ({ subject: [['CN', dnsNames[0] as string]] as const, dnsNames })

  const builders: Record<CertificateShape, () => CertificateTemplate[]> = {
    single: () => STEMS.map((stem, i) => make('single', i, withCn([`${LABEL}.${stem}`]))),
    www: () => STEMS.map((stem, i) => make('www', i, withCn([`${LABEL}-${stem}`, `www.${LABEL}-${stem}`]))),
    wildcard: () => STEMS.map((stem, i) => make('wildcard', i, withCn([`*.${LABEL}.${stem}`, `${LABEL}.${stem}`]))),
    idn: () => IDN_STEMS.map((stem, i) => make('idn', i, withCn([`${LABEL}.${stem}`]))),
    'no-subject': () =>
      STEMS.map((stem, i) => make('no-subject', i, { subject: [], dnsNames: [`${LABEL}.${stem}`], days: 45 })),
    'ip-only': () => [0, 1].map((i) => make('ip-only', i, { subject: [], dnsNames: [], addresses: true, days: 7 })),
    'many-names': () =>
      [8, 25, 100].map((count, i) => {
        const stem = STEMS[i] as string
        const names = Array.from({ length: Math.min(count, maxNames) }, (_, n) => `site-${n}.${LABEL}.${stem}`)
        // Only the last template has as many names as allowed: more than 100 only if the caller wants that.
        for (let n = names.length; count === 100 && n < maxNames; n++) names.push(`site-${n}.${LABEL}.${stem}`)
        return make('many-names', i, withCn(names))
      }),
    organization: () =>
      STEMS.map((stem, i) => {
        const { o, c, st, l } = ORGANIZATIONS[i % ORGANIZATIONS.length] as (typeof ORGANIZATIONS)[number]
        const host = `${LABEL}.${stem}`
        return make('organization', i, {
          subject: [
            ['C', c],
            ['ST', st],
            ['L', l],
            ['O', o],
            ['CN', host],
          ],
          dnsNames: [host, `www.${host}`],
          issuer: commercial[0] as TestIssuer,
          policy: 'OV',
          days: 199,
        })
      }),
    'extended-validation': () =>
      ORGANIZATIONS.map(({ o, c, st, l }, i) => {
        const host = `secure-${LABEL}.bank.example`
        return make('extended-validation', i, {
          subject: [
            ['businessCategory', 'Private Organization'],
            ['jurisdictionC', c],
            ['serialNumber', `HRB ${4711 + i}`],
            ['C', c],
            ['ST', st],
            ['L', l],
            ['O', o],
            ['CN', host],
          ],
          dnsNames: [host],
          issuer: commercial[1] as TestIssuer,
          policy: 'EV',
          days: 199,
        })
      }),
  }

  const choices = shapes.map((shape) => ({ weight: WEIGHTS[shape], templates: builders[shape]() }))
  const weightOf = (choice: number) => choices[choice]?.weight ?? 0
  const total = choices.reduce((sum, choice) => sum + choice.weight, 0)
  return {
    pick(random32) {
      let at = (random32 / 2 ** 32) * total
      let choice = 0
      for (; choice < choices.length - 1 && at >= weightOf(choice); choice++) at -= weightOf(choice)
      const { weight, templates } = choices[choice] as (typeof choices)[number]
      const which = Math.min(templates.length - 1, Math.floor((at / weight) * templates.length))
      return templates[which] as CertificateTemplate
    },
  }
}
