import { describe, expect, it } from 'vitest'
import { commands } from '../../../../src/cli/commands.js'
import { uniqueFlags } from '../../../../src/cli/flags/flags.js'
import { readVariables, strangeVariables } from '../../../../src/cli/flags/layers.js'

const flags = uniqueFlags(commands.flatMap((command) => command.flags))

/** What Kubernetes says to each pod of a Service in its namespace, for one port with a name. */
const serviceVariables = (name: string) => {
  const prefix = name.toUpperCase().replaceAll('-', '_')
  const [host, port, protocol] = ['10.96.0.17', '80', 'tcp']
  const url = `${protocol}://${host}:${port}`
  const one = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`
  return {
    [`${prefix}_SERVICE_HOST`]: host,
    [`${prefix}_SERVICE_PORT`]: port,
    [`${prefix}_SERVICE_PORT_HTTP_API`]: port,
    [`${prefix}_PORT`]: url,
    [one]: url,
    [`${one}_PROTO`]: protocol,
    [`${one}_PORT`]: port,
    [`${one}_ADDR`]: host,
  }
}

describe('variables of the environment', () => {
  it.each(['ct-stream', 'ct-stream-metrics', 'ct-stream-api'])(
    'pass over what Kubernetes says of a service named %s',
    (name) => {
      const env = serviceVariables(name)
      expect([...readVariables(env, flags)]).toEqual([])
      expect(strangeVariables(env, flags)).toEqual([])
    },
  )

  it('are those of flags beside it, and others are strange', () => {
    const env = {
      ...serviceVariables('ct-stream-api'),
      ...{
        CT_STREAM_PORT: '8080',
        CT_STREAM_METRICS_PORT: 'nonsense',
        CT_STREAM_API_PORT: '8080',
        CT_STREAM_PROT: '1',
      },
    }
    expect(Object.fromEntries(readVariables(env, flags))).toEqual({
      port: { value: '8080', from: 'CT_STREAM_PORT' },
      'metrics-port': { value: 'nonsense', from: 'CT_STREAM_METRICS_PORT' },
    })
    expect(strangeVariables(env, flags)).toEqual(['CT_STREAM_API_PORT', 'CT_STREAM_PROT'])
  })
})
