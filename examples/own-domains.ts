// Watches your own domains: what is issued for them by whom you do not expect, or for names that are new, goes to a database, and to
// a chat program if you like. `ct-stream search '*.example.com'` looks into the database.
import { type CtStreamOptions, ctStream } from 'ct-stream'
import { runModules } from 'ct-stream/modules'
import { watchlist } from 'ct-stream/modules/watchlist'
import { sqlite } from 'ct-stream/outputs/sqlite'
import { webhook } from 'ct-stream/outputs/webhook'

export interface OwnDomains {
  /** `example.com` and all below it, `=mail.example.com`, `*.example.com`, `ip:192.0.2.0/24`. */
  readonly own: readonly string[]
  /** Organizations that issue for you, as their certificates have it. */
  readonly issuers: readonly string[]
  /** Names that you know of. */
  readonly known: readonly string[]
  readonly database: string
  /** Of Slack. */
  readonly hook?: string
}

export async function watchOwnDomains(watched: OwnDomains, options: CtStreamOptions = {}): Promise<void> {
  const { own, issuers, known, database, hook } = watched
  const modules = [
    watchlist.with({ own: [...own], issuers: [...issuers], known: known.map((name) => `name:${name}`) }),
    sqlite.with({ file: database }),
    ...(hook === undefined ? [] : [webhook.with({ url: hook, shape: 'slack' })]),
  ]
  // Positions wait until the database has what was found: after a crash nothing is missing.
  const stream = ctStream({ checkpoint: 'own-domains.db', ...options, acknowledge: 'manual' })
  await runModules(stream, modules, { logger: console }).done
}

if (import.meta.filename === process.argv[1]) {
  const [, , ...own] = process.argv
  await watchOwnDomains({ own, issuers: ["Let's Encrypt"], known: own, database: 'findings.db' })
}
