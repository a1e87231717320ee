import { outlineCertificate, outlineTbs } from '../../../src/x509/certificate-frame.js'
import { issuanceTbs, tbsWithout } from '../../../src/x509/issuance-tbs.js'
import type { Note } from '../../../src/x509/note.js'
import { Octets } from '../../../src/x509/oids.js'
import type { Outline } from '../../../src/x509/outline.js'
import { hasExtension, poisonFault, precertificateMismatch } from '../../../src/x509/precertificate.js'
import { join, readUint, vector } from '../bytes.js'
import { mutateDer, tbsOfPrecertificate } from '../der-mutations.js'
import { precertificateOf } from '../material.js'
import { allowing, promise, type Target } from '../target.js'

const DER = ['CT_DER_MALFORMED']

/** u24 length, precertificate as submitted, and the rest is the TBSCertificate a log made of it. */
export const precertificateTarget: Target = {
  name: 'precertificate',
  weight: 2,
  seeds: ({ entries }) =>
    entries.flatMap((entry) => {
      const both = precertificateOf(entry)
      return both === undefined || both.submitted.length > 8000 ? [] : [join(vector(both.submitted, 3), both.tbs)]
    }),
  mutate(input, donor, random) {
    const { submitted, tbs } = take(input)
    const other = random.oneIn(2) ? take(donor).submitted : take(donor).tbs
    if (random.oneIn(3)) return join(vector(submitted, 3), mutateDer(tbs, other, random))
    const changed = mutateDer(submitted, other, random)
    return join(vector(changed, 3), random.oneIn(3) ? tbs : tbsOfPrecertificate(changed))
  },
  run(input) {
    const { submitted, tbs } = take(input)
    allowing(DER, () => precertificateMismatch(outlineCertificate(submitted).outline, tbs))
    let lists = 1
    const note: Note = (code) => {
      if (code === 'extension-duplicate') lists++
    }
    const outer = allowing(DER, () => outlineCertificate(submitted, note).outline)
    const inner = allowing(DER, () => outlineTbs(tbs, note))
    if (outer !== undefined) allowing(DER, () => poisonFault(outer))
    // Of several lists of extensions only the first that has something to cut is cut.
    if (lists > 1) return
    for (const outline of [outer, inner]) if (outline !== undefined) checkIssuance(outline)
  },
}

function take(input: Uint8Array): { submitted: Uint8Array; tbs: Uint8Array } {
  const end = Math.min(input.length, 3 + readUint(input, 0, 3))
  return { submitted: input.slice(3, end), tbs: input.slice(end) }
}

/** What is cut out is gone, nothing else is, and cutting again changes nothing. */
function checkIssuance(outline: Outline): void {
  if (hasSeveralLists(outline)) return // no standard allows it; what stands in a second list is left there
  const tbs = issuanceTbs(outline)
  const cut = outlineTbs(tbs)
  promise(
    !hasExtension(cut, Octets.precertPoison) && !hasExtension(cut, Octets.sctList),
    'what was cut out is still there',
  )
  promise(Buffer.compare(issuanceTbs(cut), tbs) === 0, 'cutting twice gives another TBSCertificate')
  let removed = 0
  for (let i = 0; i < outline.extensionCount; i++)
    if (outline.isExtension(i, Octets.precertPoison) || outline.isExtension(i, Octets.sctList)) removed++
  promise(
    cut.extensionCount === outline.extensionCount - removed,
    `${outline.extensionCount} extensions less ${removed} are ${cut.extensionCount}`,
  )
  const before = outline.bytes.subarray(outline.serialStart, outline.spkiEnd)
  promise(
    Buffer.compare(before, cut.bytes.subarray(cut.serialStart, cut.spkiEnd)) === 0,
    'cutting changed the fields before the extensions',
  )
  if (removed === 0) promise(tbs.length === outline.tbsEnd - outline.tbsStart, 'cutting nothing changed the length')
  tbsWithout(outline, [Octets.precertPoison])
}

/** Whether extensions stand in more than one list. */
function hasSeveralLists(outline: Outline): boolean {
  for (let i = 1; i < outline.extensionCount; i++)
    if (outline.extensionSpan(i).start !== outline.extensionSpan(i - 1).end) return true
  return false
}
