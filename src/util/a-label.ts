import { domainToASCII } from 'node:url'

/** A label as `dnsNames` has it, in lower case; `''`, which is no label, when there is none. Full stops of other scripts become `.`. */
export function toALabel(label: string): string {
  if (/^[a-z0-9_-]*$/i.test(label)) return label.toLowerCase()
  // Characters with a meaning in URLs would end the name.
  if (/[^a-z0-9_\u0080-\uffff-]/i.test(label)) return ''
  // The label appended here keeps digits from being parsed as an IPv4 address.
  return domainToASCII(`${label}.a`).slice(0, -2)
}
