export { contextOf, decodeEntry } from './decode-entry.js'
export type { EntryContext } from './entry-context.js'
export { contextOfSource, decodeSingle } from './single-certificate.js'
