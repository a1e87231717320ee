export { type CtServer, createServer } from './create-server.js'
export type { KeepOption, ServerOptions, ServerHealth, ServerSource, ServerStore } from './options.js'
