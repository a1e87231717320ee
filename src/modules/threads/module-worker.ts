// The program of a worker thread for modules: sets them up by name, and gives them certificates.
import { parentPort } from 'node:worker_threads'
import { CtStreamError } from '../../errors.js'
import { recordOf } from '../../threads/error-record.js'
import type { Ready } from '../../threads/worker-thread.js'
import type { CtCertificate } from '../../types/certificate.js'
import type { Logger } from '../../types/clock.js'
import { quietController } from '../../util/abort.js'
import { systemClock } from '../../util/clock.js'
import { VERSION } from '../../version.js'
import type { Module } from '../definition.js'
import { HostedModule } from './hosted-module.js'
import type { Keepsake, Kept } from './keepsake.js'
import type { FromModuleWorker, HostedSetup, ToModuleWorker } from './messages.js'
import { readPage } from './page-bytes.js'
import type { ThreadableName } from './threadable.js'

const loaders: Readonly<Record<ThreadableName, () => Promise<{ readonly default: Module }>>> = {
  intelligence: () => import('../intelligence.js'),
  watchlist: () => import('../watchlist.js'),
}

const modules = new Map<number, HostedModule>()
/** Certificates that more modules will ask for. */
const pages = new Map<number, readonly CtCertificate[]>()
/** What can be aborted, by number. */
const underWay = new Map<number, AbortController>()

const tell = (message: FromModuleWorker | Ready) => parentPort?.postMessage(message)

parentPort?.on('message', (message: ToModuleWorker) => {
  if (message.kind === 'forget') for (const page of message.pages) pages.delete(page)
  else if (message.kind === 'abort') underWay.get(message.number)?.abort(new Error('nobody waits for this any more'))
  else void answer(message)
})
tell({ kind: 'ready', version: VERSION })

type Request = Exclude<ToModuleWorker, { readonly kind: 'forget' | 'abort' }>

async function answer(request: Request): Promise<void> {
  const { number } = request
  try {
    tell((await serve(request)) ?? { kind: 'done', number })
  } catch (error) {
    tell({ kind: 'error', number, error: recordOf(error) })
  } finally {
    underWay.delete(number)
  }
}

async function serve(request: Request): Promise<FromModuleWorker | undefined> {
  if (request.kind === 'set-up') await setUp(request)
  else if (request.kind === 'batch') return await batch(request)
  else if (request.kind === 'tear-down') {
    await modules.get(request.module)?.tearDown()
    modules.delete(request.module)
  }
  return undefined
}

async function setUp(request: HostedSetup & { readonly number: number; readonly kept: Kept }): Promise<void> {
  const { number, module, make, kept, name, options, maxFindings, rememberFindingsMs } = request
  const signal = signalOf(number)
  const { default: definition } = await loaders[make]()
  const hosted = new HostedModule({
    ...{ definition, name, options, maxFindings, rememberFindingsMs },
    log: logOf(module),
    clock: systemClock,
  })
  await hosted.setUp(signal, keepsakeOf(module, kept))
  modules.set(module, hosted)
}

async function batch(request: Request & { readonly kind: 'batch' }): Promise<FromModuleWorker> {
  const { number, module, page, bytes, isLast, attempt, sinceMs } = request
  const certificates = pages.get(page) ?? (bytes && readPage(bytes))
  const hosted = modules.get(module)
  if (certificates === undefined || hosted === undefined)
    throw new CtStreamError('CT_CLOSED', 'the thread has no such page or module')
  if (isLast) pages.delete(page)
  else pages.set(page, certificates)
  const call = { attempt, sinceMs, signal: signalOf(number) }
  const { found, excess, failed } = await hosted.batch(certificates, call)
  return {
    ...{ kind: 'result', number, found, excess },
    failed: failed && { at: failed.at, error: recordOf(failed.error) },
  }
}

function signalOf(number: number): AbortSignal {
  const controller = quietController()
  underWay.set(number, controller)
  return controller.signal
}

/** A copy of the bytes: of a view the whole buffer would be sent. */
function keepsakeOf(module: number, before: Kept): Keepsake {
  return { before, keep: (key, bytes) => tell({ kind: 'keep', module, key, bytes: new Uint8Array(bytes) }) }
}

/** What a module says, said in the other thread. */
function logOf(module: number): Logger {
  const say =
    (level: keyof Logger) =>
    (message: string, fields?: Record<string, unknown>): void =>
      tell({ kind: 'log', module, level, message, fields })
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}
