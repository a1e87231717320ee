import { CtStreamError } from '../errors.js'
import { AltNameWalk } from './alt-name-walk.js'
import { isNameTag, NameTag } from './alt-names.js'
import { type DerReader, Tag } from './der.js'
import { HostNames } from './dns-names.js'
import { noString } from './name.js'
import { ignore, type Note } from './note.js'
import { sameOctets } from './oid.js'
import { Octets } from './oids.js'
import type { Outline } from './outline.js'
import { decodeString } from './strings.js'

/**
 * The DNS names and IP addresses of a certificate: from its SubjectAltName in order, then from every CN of every RDN of its subject.
 * Clients that read BER may see names that are not among them: see {@link unreadNames}.
 *
 * This is the hot path of a stream with a filter: it makes no object for each name.
 */
export function hostNamesOf(outline: Outline, note: Note = ignore): HostNames {
  const names = new HostNames(note)
  const walk = new AltNameWalk(outline)
  const { reader } = walk
  while (walk.next()) {
    if (reader.isA(NameTag.dNSName)) names.addDnsName(reader.bytes, reader.start, reader.stop)
    else if (reader.isA(NameTag.iPAddress)) names.addIpAddress(reader.content())
    // BER allows a dNSName in segments, and its tag in more octets.
    else if (!isNameTag(reader.tag)) names.unread ??= `the element at byte ${reader.head} is no GeneralName`
  }
  names.unread ??= walk.unread
  try {
    addCommonNames(names, reader.reset(outline.subjectStart, outline.spkiStart))
  } catch (error) {
    // Decoding the whole subject notes what is malformed.
    if (!CtStreamError.is(error)) throw error
    names.unread ??= error.message
  }
  return names
}

/**
 * Why {@link hostNamesOf} may lack names that other readers find, for people; `undefined` when all could be read.
 *
 * @param names - What it made of the same outline, where that is known already.
 */
export function unreadNames(outline: Outline, names = hostNamesOf(outline)): string | undefined {
  return names.unread ?? outline.unread
}

function addCommonNames(names: HostNames, reader: DerReader): void {
  // RDNSequence ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value ANY }
  reader.expect(Tag.sequence, 'Name')
  reader.enter()
  while (reader.next()) {
    const rdns = reader.enter()
    while (reader.next()) {
      const attributes = reader.enter()
      const isCommonName = reader.next() && sameOctets(reader.bytes, reader.start, reader.stop, Octets.commonName)
      if (isCommonName && reader.next()) addCommonName(names, reader)
      reader.leave(attributes)
    }
    reader.leave(rdns)
  }
}

function addCommonName(names: HostNames, reader: DerReader): void {
  if (names.addCommonNameOctets(reader.bytes, reader.start, reader.stop)) return
  const text = decodeString(reader.tag, reader.content(), ignore)
  if (text !== undefined) names.addCommonName(text)
  else if (reader.start < reader.stop) names.unread ??= noString(reader)
}
