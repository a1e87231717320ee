import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { ENGINES } from '../../../src/sinks/engines.js'
import { openSink } from '../../../src/sinks/index.js'

const refused = async (url: string): Promise<string> => {
  const error = await openSink(url).then(
    () => undefined,
    (reason) => reason,
  )
  if (!CtStreamError.is(error) || error.code !== 'CT_OPTION_INVALID') throw new Error(`not refused: ${error}`)
  return error.message
}

describe('a sink by its URL', () => {
  it.each([
    'postgres://user:password@localhost/ct?schema=one&entries=all&der=true&leaseMs=600',
    'postgresql://localhost/ct',
    'kafka://localhost',

    'kafka://a:9092,b:9092,[::1]:9092/prefix?key=issuance&maxBodyBytes=1000&partitions=3',
    'redis://:p%40ss@localhost:6379/2?prefix=one&maxlen=1000&body=leaf',
    'rediss://[::1]',
    'nats://a:4222,b?replicas=3&maxage=720&prefix=x_1&key=issuance',
    'natss://:token@a',
    'kafkas://user:p%40ss@a,b/prefix?sasl=scram-sha-256',
    'mongodb://user:p%40ss@a:27017,b/database?replicaSet=one&prefix=x&der=true&w=majority',
    'mongodb+srv://cluster.example.net',
  ])('is made from %s without connecting', async (url) => {
    expect(await openSink(url)).toMatchObject({ guarantee: 'exactly-once' })
  })

  it.each([
    'amqp://guest:guest@a,b:5673/%2Fhost',
    'amqps://a?prefix=x',
    'opensearch://user:p%40ss@a:9200,b?prefix=x&replicas=0&shards=3&der=true',
    'elasticsearchs://a?apikey=VnVhQ2ZHY0JDZGJrU',
  ])('is made from %s, for delivery at least once', async (url) => {
    expect(await openSink(url)).toMatchObject({ guarantee: 'at-least-once' })
  })

  it.each([
    ['kafka://a:9092,b:x/prefix', /names a broker that is not host\[:port\]/],
    ['kafka://', /the Kafka URL is not kafka:/],
    ['kafka://a/pre/fix', /prefix that is not/],
    ['nats://a/prefix', /a parameter, \?prefix=ct/],
    ['nats://a?maxage=1', /maxage that is no number from 24 to/],
    ['nats://a?replicas=7', /replicas that is no number from 1 to 5/],
    ['amqp://a/%zz', /a virtual host with a "%"/],
    ['amqp://a?queue=x', /unknown parameter/],
    ['redis://a,b', /names several hosts/],
    ['redis://a/x', /database that is no number/],
    ['redis://a?maxlen=0', /maxlen that is no number from 1 to/],
    ['redis://a?maxlem=5', /did you mean maxlen\?/],
    ['redis://a?prefix=a:b', /prefix that is not/],
    ['redis://secret@a', /a user without a password/],
    ['redis://a?ca=x.pem', /begin it with rediss:/],
    ['rediss://a?ca=no-such-file.pem', /file of ca that cannot be read/],
    ['rediss://a?ca=package.json', /no PEM/],
    ['kafka://a?partition=3', /did you mean partitions\?/],
    ['kafka://a?ca=x.pem', /begin it with kafkas:/],
    ['kafka://a?body=xml', /`message\.body` must be one of 'json', 'leaf', 'certstream'/],
    ['kafka://a?maxBodyBytes=many', /`message\.maxBodyBytes` must be an integer .*'many'/],
    ['kafka://a?body=leaf&key=issuance', /`sink\.key` must be 'log' with the body 'leaf'/],
    ['opensearch://a/ct', /has a path: write the prefix/],
    ['opensearch://a?prefix=CT', /a prefix that no index may have/],
    ['elasticsearch://a?replicas=11', /the Elasticsearch URL has replicas that is no number from 0 to 10/],
    // With TLS, a private key: messages are keyed by `log` or `issuance`.
    ['kafkas://a?key=/nowhere/key.pem', /names a file of key that cannot be read/],
    ['rediss://a?key=/nowhere/key.pem', /names a file of key that cannot be read/],
    ['redis://a?key=logs', /`?key`? must be .*issuance/],
    ['nats://a?key=logs', /`?key`? must be .*issuance/],
    ['elasticsearch://u:p@a?apikey=x', /both a password and an apikey/],
    ['elasticsearch://a?apikey=%0a', /apikey that is not the base64/],
    ['mongodb://', /is not mongodb:/],
    ['mongodb://a?w=1', /sets w to something else than the sink needs/],
    ['mongodb://a/x?JOURNAL=false', /sets journal to something else/],
    ['mongodb://a/x?readPreference=secondary', /sets readPreference/],
    ['mongodb://a/x.y', /database whose name MongoDB does not allow/],
    ['mongodb://a/%zz', /a database with a "%"/],
    ['mongodb://a?prefix=a.b', /prefix that is not/],
    ['mongodb://a?der=yes', /`sink\.der` must be true or false, got 'yes'/],
    ['postgres://a/b?entries=some', /`sink\.entries` must be one of 'all', 'first', 'none'/],
    ['postgres://a/b?der=yes', /`sink\.der` must be true or false, got 'yes'/],
    ['postgres://a:1,b:2/c', /must be like postgres:/],
    ['kafk://a', /kafk:\/\/; did you mean kafka:\/\/\?/],
    ['mysql://u:secret@localhost/x', /mysql:\/\/; there are postgres:\/\/host\/database, kafka:/],
    ['', /must be the URL of an engine, such as postgres:/],
    ['localhost:9092', /must be the URL of an engine/],
  ])('refuses %s and says why', async (url, why) => {
    expect(await refused(url)).toMatch(why)
  })

  it('shows the password in no message', async () => {
    const schemes = ENGINES.flatMap((engine) => engine.schemes)
    for (const scheme of [...schemes, 'mysql'])
      for (const rest of ['host:x/a b', 'host:1/a/b?no=1', ' ', 'host/x?entries=x&body=x&der=x'])
        await openSink(`${scheme}://user:s3cr3t@${rest}`).catch((error) => expect(error.message).not.toMatch('s3cr3t'))
  })

  it('makes a sink or refuses the URL, whatever the text', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .tuple(fc.constantFrom('kafka://', 'kafkas://', 'postgres://', 'x://'), fc.string({ unit: 'binary' }))
        .map(([scheme, rest]) => scheme + rest),
    )
    await fc.assert(
      fc.asyncProperty(text, async (url) => {
        await openSink(url).catch((error) => expect(error).toMatchObject({ code: 'CT_OPTION_INVALID' }))
      }),
    )
  })
})
