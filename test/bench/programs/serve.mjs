// A server of the built package over a log that is the parent's, both on loopback. Sends where it listens, then answers `report`.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const { dist, log, keep, maxClients } = JSON.parse(process.argv[2])
const load = (name) => import(pathToFileURL(join(dist, name)).href)
const [{ ctStream }, { createServer }] = [await load('index.js'), await load('server.js')]
const source = ctStream({ logs: [log], start: 'now', checkpoint: false, pollIntervalMs: 250 })
const server = createServer({ source, port: 0, keep: { file: keep }, maxClientsPerAddress: maxClients })
const { port } = await server.listen()
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send({ userMs: user / 1000, systemMs: system / 1000, rss: process.memoryUsage.rss() })
})
process.on('disconnect', () => process.exit(0))
process.send({ port })
