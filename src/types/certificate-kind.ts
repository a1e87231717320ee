/**
 * What the log entry holds: a final certificate (`x509_entry`), a precertificate (`precert_entry`, RFC 6962 section 3.1), or
 * bytes that are neither. An unparsable entry is part of the log like any other and is delivered like any other: its
 * `problems` say what is wrong and where, its bytes are in `leafInput` (and `der` or `tbs` when those could be cut out), every
 * other field is `undefined` or empty.
 */
export type CertificateKind = 'certificate' | 'precertificate' | 'unparsable'
