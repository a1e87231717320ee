import { subscribe } from 'node:diagnostics_channel'
import { syncBuiltinESMExports } from 'node:module'
import { setTimeout as wait } from 'node:timers/promises'
import zlib from 'node:zlib'

// undici tells what each request does, Node's own `fetch` too. https://undici.nodejs.org/#/docs/api/DiagnosticsChannel
const BEGINS = 'undici:request:create'
const GOES_ON = ['undici:client:sendHeaders', 'undici:request:headers', 'undici:request:bodyChunkReceived']
const ENDS = ['undici:request:trailers', 'undici:request:error']

/**
 * Waits of a millisecond without a sign of life after which a request is one that the server does not answer. Servers are in this process:
 * when the machine is busy with something else, they and these waits stand still together.
 */
const STUCK_WAITS = 80
/** Turns of the event loop without a sign of life in which there is no wait: most answers come in fewer, and in less than a millisecond. */
const BUSY_TURNS = 50
/** Turns of the event loop without anything new: what follows an answer needs a few, and each page that is read one. */
const CALM_TURNS = 16

const moving = new Set<object>()
let signs = 0

const onSign = (change: (request: object) => void) => (message: unknown) => {
  signs++
  change((message as { readonly request: object }).request)
}
for (const channel of [BEGINS, ...GOES_ON])
  subscribe(
    channel,
    onSign((request) => moving.add(request)),
  )
for (const channel of ENDS)
  subscribe(
    channel,
    onSign((request) => moving.delete(request)),
  )

// Answers are unpacked by another thread, which tells nobody that it is at it.
const { gunzip } = zlib
const counted: typeof gunzip = Object.assign((...args: unknown[]) => {
  const job = {}
  moving.add(job)
  const done = args.pop() as (...results: unknown[]) => void
  Reflect.apply(gunzip, zlib, [
    ...args,
    (...results: unknown[]) => {
      signs++
      moving.delete(job)
      done(...results)
    },
  ])
}, gunzip)
zlib.gunzip = counted
const { createGunzip } = zlib
const countedStream: typeof createGunzip = (options) => {
  const unzip = createGunzip(options)
  moving.add(unzip)
  for (const end of ['end', 'error', 'close'])
    unzip.once(end, () => {
      signs++
      moving.delete(unzip)
    })
  return unzip
}
// It cannot be assigned to.
Object.defineProperty(zlib, 'createGunzip', { value: countedStream })
syncBuiltinESMExports()

/** Whether a request was begun or went on since the last {@link requestsDone}. */
const isMoving = () => moving.size > 0 || signs !== seen
let seen = 0

/**
 * Waits until no request of this process is under way, but those that no server answers, and what follows the answers is done. With a
 * virtual clock: until nothing more happens at this time. Returns at once when nothing has moved since the last call.
 */
export async function requestsDone(): Promise<void> {
  if (!isMoving()) return
  let turns = 0
  let waits = 0
  for (let calm = 0; calm < CALM_TURNS; calm++) {
    const waiting = moving.size > 0 && turns > BUSY_TURNS
    await (waiting ? wait(1) : new Promise((resolve) => setImmediate(resolve)))
    turns++
    if (!isMoving()) continue
    calm = -1
    if (signs !== seen) turns = waits = 0
    else if (waiting && ++waits > STUCK_WAITS) moving.clear()
    seen = signs
  }
}
