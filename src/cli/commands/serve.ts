import type { Logger } from '../../types/clock.js'
import { linkedController } from '../../util/abort.js'
import { askedLater } from '../asked-stream.js'
import type { Command, CommandContext } from '../command.js'
import { flagsNamed, reportFlags } from '../flags/flags.js'
import { given } from '../flags/given.js'
import { hasModules, moduleFlag, moduleThreads, moduleThreadsFlag } from '../flags/module-flag.js'
import { serveFlags } from '../flags/serve-flags.js'
import { PatientStream } from '../patient-stream.js'
import { serveRequest } from '../serve-request.js'
import { serverStore } from '../server-store.js'
import { showStream } from '../show-stream.js'
import { renewTls } from '../tls-files.js'

/** `ct-stream serve`: the stream for clients of CertStream, and for those who want to miss nothing. */
export const serve: Command = {
  name: 'serve',
  summary: 'A CertStream server: WebSockets and Server-Sent Events, whose clients miss nothing when they reconnect.',
  positionals: [],
  flags: [
    ...serveFlags,
    ...flagsNamed('log-list', 'operator', 'log-name', 'kind', 'log', 'key', 'submission-url', 'start', 'merge-delay'),
    ...flagsNamed('checkpoint', 'no-checkpoint', 'domain', 'domains-file', 'match', 'issuer', 'only', 'dedupe'),
    ...flagsNamed('verify', 'on-misbehaviour', 'contact', 'proxy', 'allow-http'),
    moduleFlag,
    moduleThreadsFlag,
    ...reportFlags,
  ],
  examples: [
    ['ct-stream serve', 'at ws://127.0.0.1:8080/, /full-stream and /domains-only'],
    ['ct-stream serve --host 0.0.0.0 --dedupe issuance --keep-for 6h', 'for everybody, each certificate once'],
    ['ct-stream serve --module ./watch.js', 'with what a module finds, for clients of /v2/stream?findings=1'],
    ["curl -N 'http://127.0.0.1:8080/v2/sse?domain=example.com'", 'what a client may ask for'],
  ],
  whenStopped: 'done',
  run: runServe,
}

async function runServe(context: CommandContext): Promise<void> {
  const { io } = context
  const [asked, options] = [await askedLater(context), await serveRequest(context)]
  const threads = moduleThreads(context)
  const modules = hasModules(context) ? await (await import('../modules/load.js')).modulesFor(context) : undefined
  const [{ ctStream }, { createServer }] = await Promise.all([
    import('../../stream/ct-stream.js'),
    import('../../server/create-server.js'),
  ])
  const acknowledge = modules === undefined ? 'automatic' : 'manual'
  // Refuses wrong options before the server listens.
  ctStream({ ...asked.known, acknowledge })
  await showStream({
    context,
    open: async (logger: Logger) =>
      new PatientStream({
        open: async (logger) => ctStream({ ...(await asked.all()), acknowledge, logger }),
        ...{ acknowledgement: acknowledge, logger, clock: io.clock },
      }),
    consume: async (source, { output, logger }) => {
      const server = createServer({
        ...options,
        moduleThreads: threads,
        ...given({ store: serverStore(context.values), modules }),
        source,
        logger,
      })
      const close = () => void server.close()
      const over = linkedController(io.stop)
      try {
        const { url } = await server.listen()
        void renewTls({ context, server, begun: options.tls, logger, stop: over.signal })
        await output.write(`ct-stream serves at ${url}\n`)
        io.stop.addEventListener('abort', close, { once: true })
        if (io.stop.aborted) close()
        await server.done
      } finally {
        io.stop.removeEventListener('abort', close)
        over.abort()
        await server.close()
      }
    },
  })
}
