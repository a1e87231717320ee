export { type CtServer, createServer } from './create-server.js'
export type {
  KeepOption,
  ServerCluster,
  ServerHealth,
  ServerOptions,
  ServerSource,
  ServerStore,
  ServerTls,
} from './options.js'
