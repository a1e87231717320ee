// What one writes first: fetch, JSON.parse, the whole certificate as ASN.1 objects; nothing verified.
import { AsnConvert } from '@peculiar/asn1-schema'
import { Certificate, id_ce_subjectAltName, SubjectAlternativeName, TBSCertificate } from '@peculiar/asn1-x509'
import { begin, Checksum, report } from './result.mjs'

const { url, entries } = JSON.parse(process.argv[2])
const begun = begin()
const checksum = new Checksum()
let read = 0
while (read < entries) {
  const response = await fetch(`${url}ct/v1/get-entries?start=${read}&end=${Math.min(read + 255, entries - 1)}`)
  const page = await response.json()
  for (const { leaf_input } of page.entries) {
    const leaf = Buffer.from(leaf_input, 'base64')
    const tbs = tbsOf(leaf)
    const names = []
    for (const { extnID, extnValue } of tbs.extensions ?? [])
      if (extnID === id_ce_subjectAltName)
        for (const { dNSName } of AsnConvert.parse(extnValue, SubjectAlternativeName))
          if (dNSName !== undefined) names.push(dNSName.toLowerCase())
    checksum.add(names, Buffer.from(tbs.serialNumber).toString('hex'))
  }
  read += page.entries.length
}
report({ entries: read, checksum: `${checksum}`, begun })

function tbsOf(leaf) {
  if (leaf.readUInt16BE(10) === 1)
    return AsnConvert.parse(leaf.subarray(47, 47 + leaf.readUIntBE(44, 3)), TBSCertificate)
  return AsnConvert.parse(leaf.subarray(15, 15 + leaf.readUIntBE(12, 3)), Certificate).tbsCertificate
}
