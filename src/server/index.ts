export { type CtServer, createServer } from './create-server.js'
export type { KeepOption, ServerOptions, ServerSource, ServerStore } from './options.js'
