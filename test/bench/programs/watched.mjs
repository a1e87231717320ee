// Reads a log through the module watchlist (122 brands, 200 names of one's own), and intelligence where that is asked for.
// `node watched.mjs '{"dist":…,"spec":…,"checkpoint":…,"judging":true|false}'`
import { pathToFileURL } from 'node:url'
import { brandsOf } from '../brands.mjs'
import { begin, MemorySamples, report } from './result.mjs'

const { dist, spec, checkpoint = false, judging = false, threads = 0 } = JSON.parse(process.argv[2])
const load = (name) => import(pathToFileURL(`${dist}/${name}.js`).href)
const [{ ctStream }, { runModules }, watchlist, intelligence] = await Promise.all(
  ['index', 'modules', 'modules/watchlist', 'modules/intelligence'].map(load),
)

const begun = begin()
const memory = new MemorySamples(20_000)
const own = Array.from({ length: 200 }, (_, i) => `our-own-${i.toString(36)}.example`)
const modules = [{ module: watchlist.default, options: { own, brands: brandsOf(122) } }]
// The log gives real certificates new dates of its own: that all of them are late is not what they were like.
if (judging) modules.push({ module: intelligence.default, options: { ignore: ['backdated', 'forward-dated'] } })
const stream = ctStream({ logs: [spec], start: 'beginning', end: 'head', checkpoint, acknowledge: 'manual' })
const failures = []
stream.on('error', ({ error }) => failures.push(error.message))
stream.on('commit', () => memory.at(stream.status().entries))
const run = runModules(stream, modules, { threads })
await run.done

const { certificates, modules: states } = run.status()
const failed = states.filter(({ errors, skipped, dropped }) => errors + skipped + dropped > 0)
if (failures.length + failed.length > 0) throw new Error(JSON.stringify({ failures, failed }))
const findings = states.map(({ name, emitted }) => [name, emitted])
report({ entries: certificates, delivered: 0, begun, memory, findings: Object.fromEntries(findings) })
