/**
 * What can be wrong with an entry or deviate from the standard. `…-malformed`: the field cannot be read. The others: the field
 * was read, and is not as the standard asks.
 *
 * | code | meaning |
 * |---|---|
 * | `leaf-malformed` | the `MerkleTreeLeaf` is not the structure of RFC 6962 section 3.4 |
 * | `entry-type-unknown` | a version, leaf type or entry type that RFC 6962 does not define |
 * | `leaf-index-mismatch` | a static-ct entry that states another index than its place, or has extensions that cannot be read |
 * | `extra-malformed` | what the log sends beside the leaf is not the promised structure, or a chain of more than 16 |
 * | `der-malformed` | bytes that are not DER, cut short, of indefinite length, too deeply nested, or not the structure of the field |
 * | `length-non-minimal` | a DER length in more octets than needed; accepted |
 * | `integer-non-minimal` | an INTEGER with redundant leading octets; accepted |
 * | `trailing-data` | bytes after the end of a structure; ignored |
 * | `serial-negative` | a serial number below zero; accepted |
 * | `time-malformed` | not a date: the field is `undefined` |
 * | `time-nonstandard` | a date in a form RFC 5280 section 4.1.2.5 does not allow; accepted |
 * | `string-malformed` | octets that are not of the string's type; read as Latin-1 |
 * | `name-unusual` | a DNS name that had to be cleaned up, or cannot be one |
 * | `ip-address-malformed` | an iPAddress that has neither 4 nor 16 octets |
 * | `extension-duplicate` | an extension that occurs more than once; all occurrences are read |
 * | `extension-malformed` | an extension whose value cannot be read |
 * | `basic-constraints-conflict` | several BasicConstraints that contradict each other |
 * | `key-malformed` | a public key that is not what its algorithm says |
 * | `algorithm-mismatch` | the signature algorithm inside the signed part differs from the one outside |
 * | `sct-list-malformed` | the embedded SCT list, or one SCT of it, cannot be read |
 * | `poison-unexpected` | the poison extension where it must not be (a final certificate or a leaf's TBSCertificate) |
 * | `poison-malformed` | a poison extension that is not critical or not NULL |
 * | `precertificate-missing` | the log did not send the submitted precertificate |
 * | `precertificate-mismatch` | what the log sent as the precertificate is not what it hashed |
 * | `issuer-key-hash-mismatch` | the first CA of the chain does not have the key the leaf names |
 * | `chain-mismatch` | a certificate of the chain is not the issuer that the one before it names, or cannot be read |
 * | `chain-unavailable` | an issuer certificate could not be fetched |
 * | `entry-unverified` | not proven: delivered after its log was accused, by `onMisbehaviour: 'continue-unverified'` |
 */
export type ProblemCode =
  | 'leaf-malformed'
  | 'entry-type-unknown'
  | 'leaf-index-mismatch'
  | 'extra-malformed'
  | 'der-malformed'
  | 'length-non-minimal'
  | 'integer-non-minimal'
  | 'trailing-data'
  | 'serial-negative'
  | 'time-malformed'
  | 'time-nonstandard'
  | 'string-malformed'
  | 'name-unusual'
  | 'ip-address-malformed'
  | 'extension-duplicate'
  | 'extension-malformed'
  | 'basic-constraints-conflict'
  | 'key-malformed'
  | 'algorithm-mismatch'
  | 'sct-list-malformed'
  | 'poison-unexpected'
  | 'poison-malformed'
  | 'precertificate-missing'
  | 'precertificate-mismatch'
  | 'issuer-key-hash-mismatch'
  | 'chain-mismatch'
  | 'chain-unavailable'
  | 'entry-unverified'

/**
 * One deviation met while decoding. Never an exception: the entry is delivered with what could be read. At most 20 are kept of one
 * field; a hostile certificate could have millions.
 */
export interface Problem {
  /** What kind of deviation; for programs. */
  readonly code: ProblemCode
  /**
   * Name of the {@link CtCertificate} member it concerns, such as `notBefore`: `leafInput` for the entry as a whole, `der` or `tbs` for
   * the frame of the certificate, `chain` for `chain()`, `ocspUrls` for all of AuthorityInfoAccess.
   */
  readonly field: string
  /** What was found and where, for people; offsets are bytes from the start of `der` (or `tbs`, for a precertificate). */
  readonly message: string
}
