// `ct-stream/certstream`: the client of CertStream servers.

export { CertStream, type CertStreamStatus, certStream } from './cert-stream.js'
export { CertStreamClient } from './client.js'
export type { CertStreamEvents, MissedMessages } from './events.js'
export { CERTSTREAM_DEFAULTS, type CertStreamOptions } from './options.js'
export type { RawMessage } from './server-message.js'
