// Watches for phishing pages: names in new certificates that look like a brand, most likely first of all, with what speaks for it.
import { type CtStreamOptions, ctStream } from 'ct-stream'
import { defineModule, runModules } from 'ct-stream/modules'
import { watchlist } from 'ct-stream/modules/watchlist'
import { jsonl } from 'ct-stream/outputs/jsonl'

/** Shows findings. What it shows of a name is a stranger's text: `JSON.stringify` keeps it from writing to the terminal as it likes. */
const show = defineModule({
  name: 'show',
  onFinding({ score, subject, reasons }) {
    console.log(String(score).padStart(3), JSON.stringify(subject))
    for (const { text, points = 0 } of reasons) console.log('   ', String(points).padStart(3), JSON.stringify(text))
  },
})

export async function watchBrand(
  name: string,
  domains: readonly string[],
  file: string,
  options: CtStreamOptions = {},
): Promise<void> {
  const brand = { name, tokens: [name.toLowerCase()], domains: [...domains] }
  // From 60 on, 350 of a million honest names are reported; from 75 on, 30.
  const modules = [watchlist.with({ brands: [brand], lookalikeScore: 60 }), show, jsonl.with({ file })]
  const stream = ctStream({ checkpoint: 'brand-watch.db', ...options, acknowledge: 'manual' })
  await runModules(stream, modules, { logger: console }).done
}

if (import.meta.filename === process.argv[1]) {
  const [, , name = 'Example', ...domains] = process.argv
  await watchBrand(name, domains, 'look-alikes.jsonl')
}
