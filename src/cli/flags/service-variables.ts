/** An address, as of a Service's port. */
const address = /^(?:tcp|udp|sctp):\/\//

/** `NAME_SERVICE_HOST`, `NAME_SERVICE_PORT`, `NAME_SERVICE_PORT_HTTP`, `NAME_PORT_80_TCP`, `NAME_PORT_80_TCP_ADDR`. */
const ofService = /_SERVICE_HOST$|_SERVICE_PORT(?:_[A-Z0-9_]+)?$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/

/**
 * Whether Kubernetes set a variable, for a Service whose name begins like this program's variables: it tells each pod of all Services of its
 * namespace (`ct-stream` makes `CT_STREAM_PORT=tcp://10.96.0.17:80`), unless `enableServiceLinks` is off.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
export function isServiceVariable(name: string, value = ''): boolean {
  return ofService.test(name) || (name.endsWith('_PORT') && address.test(value))
}
