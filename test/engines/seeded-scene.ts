import type { ChildProcess } from 'node:child_process'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, inject, onTestFinished } from 'vitest'
import { openSink } from '../../src/sinks/index.js'
import type { SeededRandom } from '../../src/testing/seeded.js'
import { NetworkNamespace } from '../support/network-namespace.js'
import { CollectorRun } from './collector-run.js'
import type { Surroundings } from './collectors.js'
import { type OwnServer, startedServer } from './own-server.js'
import { QueueProcessors } from './queue-processors.js'
import type { FaultyEngine, FaultyPlace } from './seeded-engines.js'
import { type FaultName, seededFaults } from './seeded-faults.js'
import { type SmallDisk, smallDisk } from './small-disk.js'
import { Wire } from './wires.js'

const LOGS = 4
const FIRST = 300
const COLLECTORS = 3
/** One works on what the other one had. */
const PROCESSORS = 2
/** Room for what is written in a short run, and in each fault of a longer one. MiB. */
const DISK_MIB = 400
const DISK_PER_FAULT_MIB = 20
/** How long reading what was added takes at most, on a busy machine whose engine is just started. Milliseconds. */
export const READING_MS = 120_000

/** Where everything has to be there, making one says why it cannot be made. */
const hasNetworks = NetworkNamespace.isPossible || process.env.CT_STREAM_TEST_REQUIRE_ENGINES !== undefined
if (!hasNetworks) console.log('skipping the faults with network namespaces: they need Linux, root and iproute2')

/** The way to a process. */
interface Way {
  readonly wire: Wire
  /** Where the process runs, joined to the wire by a cable; `undefined` where none can be made. */
  readonly network: NetworkNamespace | undefined
}

/** A process at the end of a wire of its own. */
interface Member extends Way {
  child: ChildProcess
  /** Puts another process in its place. */
  start(): void
}

/** Logs of both kinds, collectors, a server of their own that they write to, processors that read there, and how all of it fares. */
export class Scene {
  readonly collectors: readonly Member[]
  readonly processors: readonly Member[]
  readonly engine: FaultyEngine
  readonly server: OwnServer
  readonly disk: SmallDisk | undefined
  readonly run: CollectorRun
  readonly random: SeededRandom
  /** How long others took to collect the shards of a collector, in the order of the faults. Milliseconds. */
  readonly takeovers: number[] = []
  private readonly place: FaultyPlace
  private readonly queue: QueueProcessors | undefined
  private readonly wakings: (() => unknown)[] = []

  private constructor(parts: Pick<Scene, 'engine' | 'server' | 'disk' | 'run' | 'random'> & Hidden) {
    this.engine = parts.engine
    this.server = parts.server
    this.disk = parts.disk
    this.run = parts.run
    this.random = parts.random
    this.place = parts.place
    this.queue = parts.queue
    this.collectors = parts.collectorWays.map((way) => member(way, (around) => this.run.collectors.start(around)))
    const { queue } = parts
    this.processors =
      queue === undefined ? [] : parts.processorWays.map((way) => member(way, (around) => queue.start(around)))
  }

  /** Everything has begun, and is removed when the test is over. @param faults - How many there will be. */
  static async open(engine: FaultyEngine, random: SeededRandom, faults: number): Promise<Scene> {
    let disk: SmallDisk | undefined
    const server = await startedServer(engine.kind, [], ({ folder }) => {
      if (process.getuid?.() !== 0) return
      const owner = engine.kind === 'postgres' ? ',mode=0700,uid=postgres' : ''
      disk = smallDisk(folder, DISK_MIB + faults * DISK_PER_FAULT_MIB, owner)
    })
    const url = engine.kind === 'postgres' ? `${server.url.replace('//', '//postgres@')}/postgres` : server.url
    const place = await engine.open(url)
    await settled(engine, place, server)
    const run = new CollectorRun(place, await CollectorRun.logs(LOGS, FIRST))
    const program = place.effects === undefined ? undefined : 'processor.mjs'
    const queue =
      place.queue === undefined ? undefined : new QueueProcessors(place.queue, engine.processorLeaseMs, program)
    const ports = [server.port, Number(new URL(inject('postgres') ?? 'none://127.0.0.1:1').port)]
    const logPorts = run.logs.map(({ url }) => Number(new URL(url).port))
    const ways = (count: number) => Promise.all(Array.from({ length: count }, () => openWay(ports, logPorts)))
    const [collectorWays, processorWays] = [await ways(COLLECTORS), await ways(queue === undefined ? 0 : PROCESSORS)]
    onTestFinished(async () => {
      await run.collectors.stopAll()
      await queue?.remove()
      await place.remove()
    })
    const scene = new Scene({
      ...{ engine, server, disk, run, random },
      ...{ place, queue, collectorWays, processorWays },
    })
    await scene.untilDone()
    return scene
  }

  /** Why it does not have a fault; `undefined`: it has it. */
  static spares(engine: FaultyEngine, fault: FaultName): string | undefined {
    if (fault === 'disk full' && process.getuid?.() !== 0) return 'a disk of its own needs root'
    if (seededFaults[fault].partitions && !hasNetworks) return 'a network of its own needs Linux, root and iproute2'
    return engine.spared[fault]
  }

  /** One that has a shard, unless nobody has. */
  anyCollector(): Member {
    const owners = this.run.logs.map(({ operator }) => this.run.collectors.ownerOf(operator))
    const busy = this.collectors.filter(({ child }) => owners.includes(child))
    return this.pick(busy.length > 0 ? busy : this.collectors)
  }

  /** The one that worked last, where that is known. */
  anyProcessor(): Member {
    const last = this.queue?.last
    return this.processors.find(({ child }) => child === last) ?? this.pick(this.processors)
  }

  /** Something to do when everything is read. */
  later(wake: () => unknown): void {
    this.wakings.push(wake)
  }

  wake(): void {
    for (const wake of this.wakings.splice(0)) wake()
  }

  async untilTakenOver(victim: ChildProcess): Promise<void> {
    const { run } = this
    const [took] = await Promise.all([run.untilOwned(victim, READING_MS), run.untilTakenOver(victim, READING_MS)])
    this.takeovers.push(took)
  }

  /** Until something is so, with more to read now and whenever all is read: what there was may be read before a fault could do anything. */
  async feedUntil(isSo: () => boolean): Promise<void> {
    const { run, engine } = this
    const began = performance.now()
    await run.feed(engine.growth)
    while (!isSo()) {
      if (performance.now() - began > READING_MS) throw new Error(`the fault does nothing\n${run.collectors.said}`)
      if (await run.isRead()) await run.feed(engine.growth)
      await wait(20)
    }
  }

  /** Until all that the logs have is written, and processors have done what is to be done. */
  async untilDone(): Promise<void> {
    await this.run.untilRead(READING_MS)
    if (this.queue === undefined) return
    const size = this.run.logs.reduce((sum, log) => sum + log.size, 0)
    const began = performance.now()
    for (;;) {
      const count = distinct(await this.effects().catch(() => []))
      if (count >= size) return
      if (performance.now() - began > READING_MS)
        throw new Error(`${count} effects of ${size}\n${this.queue.said}\n${this.run.collectors.said}`)
      await wait(50)
    }
  }

  /** Whoever was stopped, or cut off, has not ended of it. */
  expectAllRunning(): void {
    const said = `${this.run.collectors.said}\n${this.queue?.said}`
    for (const { child } of [...this.collectors, ...this.processors])
      expect([child.exitCode, child.signalCode], said).toEqual([null, null])
  }

  /** How often an effect came again. */
  async repeats(): Promise<number> {
    const effects = await this.effects()
    return effects.length - distinct(effects)
  }

  /** Killed, copied, and started again. */
  async copyOfServer(): Promise<{ restore(): Promise<void> }> {
    const { server } = this
    const data = join(server.folder, 'data')
    const copy = `${server.folder}-copy`
    await server.kill()
    if (existsSync(copy)) execFileSync('rm', ['-r', copy])
    mkdirSync(copy)
    execFileSync('cp', ['-a', `${data}/.`, copy])
    await server.start()
    return {
      async restore() {
        await server.kill()
        execFileSync('find', [data, '-mindepth', '1', '-delete'])
        execFileSync('cp', ['-a', `${copy}/.`, data])
        await server.start()
      },
    }
  }

  /** Ends all in order, and counts what is in the engine, and what processors did. @param atMost - Faults that let something come again. */
  async expectAll(atMost: number): Promise<void> {
    const { run, queue, place } = this
    await run.collectors.stopAll('SIGTERM')
    await queue?.stop()
    await place.expectAll(run.logs)
    if (queue === undefined) return
    const one = place.effects === undefined ? queue.given() : [await place.effects()]
    const jumps = place.effects === undefined ? atMost : 0
    for (const { logId } of run.logs)
      for (const lines of one) {
        const indexes = lines.filter(([id]) => id === logId).map(([, index]) => Number(index))
        const back = indexes.filter((index, at) => index <= (indexes[at - 1] ?? -1))
        expect(back.length, 'entries that one processor was given behind a later one').toBeLessThanOrEqual(jumps)
      }
  }

  private async effects(): Promise<readonly (readonly [logId: string, index: string | number])[]> {
    return (await this.place.effects?.()) ?? this.queue?.given().flat() ?? []
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.random.below(items.length)] as T
  }
}

interface Hidden {
  readonly place: FaultyPlace
  readonly queue: QueueProcessors | undefined
  readonly collectorWays: readonly Way[]
  readonly processorWays: readonly Way[]
}

/** @param logPorts - Of logs, which are at the other end of the cable, too, but not of the wire. */
async function openWay(ports: readonly number[], logPorts: readonly number[]): Promise<Way> {
  const network = hasNetworks ? await NetworkNamespace.open(logPorts) : undefined
  onTestFinished(() => network?.close())
  const wire = await Wire.open(ports, network?.address)
  onTestFinished(() => wire.close())
  return { wire, network }
}

function member({ wire, network }: Way, start: (around: Surroundings) => ChildProcess): Member {
  const rewrite = (text: string) => network?.inside(wire.through(text)) ?? wire.through(text)
  const started = () => start({ command: network?.command, rewrite })
  return {
    ...{ wire, network },
    child: started(),
    start() {
      this.child = started()
    },
  }
}

const distinct = (effects: readonly (readonly [string, string | number])[]) =>
  new Set(effects.map((one) => one.join(' '))).size

/** RabbitMQ 3.10 keeps the members of a new queue in memory for minutes; killed before, it has the queue, and nobody who leads it. */
async function settled({ kind }: FaultyEngine, { sink: url }: FaultyPlace, server: OwnServer): Promise<void> {
  if (kind !== 'amqp') return
  const sink = await openSink(url)
  await sink.open(undefined)
  await sink.close()
  await server.stop()
  await server.start()
}
