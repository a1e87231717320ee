import type { EntryFilter } from '../../../src/filter/entry-filter.js'
import { filterOption } from '../../../src/filter/filter-option.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { Filter } from '../../../src/types/filter.js'
import { decodeEntryInput } from '../entry-input.js'
import { allowing, promise, type Target } from '../target.js'
import { decodeInput, entryTarget } from './entry.js'

const fixed: readonly Filter[] = [
  { domains: ['example.com', '=www.example.org', '*.example', 'xn--bcher-kva.example'] },
  { domains: [/example|\\0/] },
  { issuers: ['example', /CN=/] },
  { notAfter: { from: new Date('2026-01-01'), before: new Date('2027-01-01') } },
  { kinds: ['certificate'] },
  { kinds: ['unparsable'] },
  {
    kinds: ['precertificate', 'unparsable'],
    domains: ['com'],
    issuers: [/O=/],
    notAfter: { before: new Date('2026-06-01') },
  },
  { match: ({ dnsNames }) => dnsNames.length > 2 },
]

let compiled: readonly EntryFilter[] | undefined

/** The filter on bytes never says no where the exact one, on the decoded certificate, says yes; and what is there is found. */
export const filterTarget: Target = {
  name: 'filter',
  weight: 4,
  seeds: entryTarget.seeds,
  mutate: entryTarget.mutate,

  run(input) {
    const { leafInput } = decodeEntryInput(input)
    const certificate = decodeInput(input)
    compiled ??= fixed.flatMap((filter) => filterOption('filter', filter) ?? [])
    for (const [i, filter] of compiled.entries()) checkBoth(filter, leafInput, certificate, `filter ${i}`)

    const parsable = certificate.kind !== 'unparsable'
    for (const wanted of parsable ? wantedBy(certificate) : []) {
      // A name nobody could ask for is refused as a pattern.
      const filter = allowing(['CT_OPTION_INVALID'], () => filterOption('filter', wanted))
      if (filter === undefined) continue
      const what = JSON.stringify(wanted).slice(0, 200)
      promise(filter.matches(certificate), `${what} does not match the certificate it was made for`)
      promise(filter.mayMatch(leafInput), `${what} does not pass the leaf it was made for`)
    }
    const narrow = filterOption('filter', { domains: ['=no.such.name.invalid'], issuers: ['no such issuer'] })
    if (narrow === undefined) return
    checkBoth(narrow, leafInput, certificate, 'a narrow filter')
    if (!parsable) promise(narrow.mayMatch(leafInput) && narrow.matches(certificate), 'an unparsable entry was dropped')
  },
}

function checkBoth(filter: EntryFilter, leafInput: Uint8Array, certificate: CtCertificate, what: string): void {
  const may = filter.mayMatch(leafInput)
  promise(may || !filter.matches(certificate), `${what} says no to the leaf and yes to its certificate`)
}

/** Filters that must let it pass. */
function* wantedBy({ dnsNames, issuer, notAfter, kind }: CtCertificate): Generator<Filter> {
  yield { kinds: [kind] }
  for (const name of [dnsNames[0], dnsNames[Math.floor(dnsNames.length / 2)], dnsNames.at(-1)]) {
    if (name === undefined) continue
    yield { domains: [`=${name.replace(/^[^.]*\*[^.]*\./, 'any.')}`] }
    const parent = name.slice(name.indexOf('.') + 1)
    if (name.includes('.')) yield { domains: [parent] }
    if (name.includes('.')) yield { domains: [`*.${parent}`] }
    yield { domains: [new RegExp(name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))] }
  }
  for (const text of [issuer.commonName, issuer.organization]) if (text?.trim()) yield { issuers: [text] }
  if (notAfter !== undefined && Number.isSafeInteger(notAfter.getTime() + 1))
    yield { notAfter: { from: notAfter, before: new Date(notAfter.getTime() + 1) } }
}
