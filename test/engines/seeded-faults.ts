import { setTimeout as wait } from 'node:timers/promises'
import { kill } from './queue-processors.js'
import type { Scene } from './seeded-scene.js'

export type FaultName =
  | 'collector killed'
  | 'collector stopped'
  | 'collector cut off'
  | 'collector partitioned'
  | 'answers to collectors cut'
  | 'processor killed'
  | 'processor stopped'
  | 'processor cut off'
  | 'processor partitioned'
  | 'answers to processors cut'
  | 'server killed'
  | 'server stopped'
  | 'disk full'
  | 'server rolled back'

/** Something that goes wrong while logs grow. */
export interface SeededFault {
  /** Resolves when what is to be done about it is done: then the logs are read to their end. */
  strike(scene: Scene): Promise<void>
  /** Whether processors may be given again what they had not acknowledged, or what the server has forgotten of that. */
  readonly repeats: boolean
  /** Whether members need a network of their own. */
  readonly partitions?: true
}

/** Of a server: beyond a lease, within what a sink waits for an answer. Milliseconds. */
const SILENT_MS = 2500
const NOTICED = /opened again in|has not answered for/

/** Cuts the first answer of these and each third, three times over each wire: what follows gets through. */
const some = (isIt: (sent: Buffer) => boolean) => {
  let count = 0
  return (sent: Buffer) => isIt(sent) && count++ % 3 === 0 && count < 9
}

/** All kinds. Members are replaced at once, except for those that wake when everything is read, with pages in their hands. */
export const seededFaults: Readonly<Record<FaultName, SeededFault>> = {
  'collector killed': {
    repeats: false,
    async strike(scene) {
      const victim = scene.anyCollector()
      const { child } = victim
      await kill(child)
      victim.start()
      await scene.untilTakenOver(child)
    },
  },
  'collector stopped': {
    repeats: false,
    async strike(scene) {
      const { child } = scene.anyCollector()
      child.kill('SIGSTOP')
      scene.later(() => child.kill('SIGCONT'))
      await scene.untilTakenOver(child)
    },
  },
  'collector cut off': {
    repeats: false,
    async strike(scene) {
      const { child, wire } = scene.anyCollector()
      wire.hold()
      scene.later(() => wire.release())
      await scene.untilTakenOver(child)
    },
  },
  'collector partitioned': {
    repeats: false,
    partitions: true,
    async strike(scene) {
      const victim = scene.anyCollector()
      partition(scene, victim)
      await scene.untilTakenOver(victim.child)
    },
  },
  'answers to collectors cut': {
    repeats: false,
    strike: (scene) => cutAnswers(scene, scene.collectors, () => some((sent) => scene.engine.isWrite(sent))),
  },
  'processor killed': {
    repeats: true,
    async strike(scene) {
      const victim = scene.anyProcessor()
      await kill(victim.child)
      victim.start()
    },
  },
  'processor stopped': {
    repeats: true,
    async strike(scene) {
      const { child } = scene.anyProcessor()
      child.kill('SIGSTOP')
      scene.later(() => child.kill('SIGCONT'))
    },
  },
  'processor cut off': {
    repeats: true,
    async strike(scene) {
      const { wire } = scene.anyProcessor()
      wire.hold()
      scene.later(() => wire.release())
    },
  },
  'processor partitioned': {
    repeats: true,
    partitions: true,
    async strike(scene) {
      partition(scene, scene.anyProcessor())
      await wait(scene.engine.processorLeaseMs)
    },
  },
  'answers to processors cut': {
    repeats: true,
    strike: (scene) => cutAnswers(scene, scene.processors, () => some((sent) => scene.engine.isAcknowledgement(sent))),
  },
  'server killed': {
    repeats: true,
    async strike({ server, random }) {
      await server.kill()
      await wait(300 + random.below(1500))
      await server.start()
    },
  },
  'server stopped': {
    repeats: true,
    async strike({ server }) {
      server.signal('SIGSTOP')
      await wait(SILENT_MS)
      server.signal('SIGCONT')
    },
  },
  'disk full': {
    repeats: true,
    async strike(scene) {
      const { server, disk } = scene
      const { collectors } = scene.run
      collectors.said = ''
      disk?.fill()
      await scene.feedUntil(() => NOTICED.test(collectors.said))
      disk?.empty()
      // Some end by themselves, or take nothing until they are started again.
      await server.kill().catch(() => {})
      await server.start()
    },
  },
  'server rolled back': {
    repeats: true,
    async strike(scene) {
      const copy = await scene.copyOfServer()
      // Collectors and processors are ahead of the copy.
      await scene.untilDone()
      await copy.restore()
      await scene.run.feed(scene.engine.growth)
    },
  },
}

/** Its cable is pulled until everything is read. */
function partition(scene: Scene, { network }: Scene['collectors'][number]): void {
  if (network === undefined) throw new Error('the member has no network of its own')
  network.cut()
  scene.later(() => network.join())
}

/** Until some were cut, and the logs are read. */
async function cutAnswers(scene: Scene, members: Scene['collectors'], cutting: () => (sent: Buffer) => boolean) {
  const cuts = () => members.reduce((sum, { wire }) => sum + wire.cuts, 0)
  const before = cuts()
  for (const { wire } of members) wire.cutAnswers(scene.server.port, cutting())
  await scene.feedUntil(() => cuts() > before)
  await scene.untilDone()
  for (const { wire } of members) wire.cutAnswers(scene.server.port, () => false)
}
