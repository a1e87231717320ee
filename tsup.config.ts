import { execFileSync } from 'node:child_process'
import { copyFileSync, writeFileSync } from 'node:fs'
import { build, defineConfig } from 'tsup'

// One configuration with several entries and `splitting`, so that all share one copy of each module: separate copies of
// errors.ts would break `instanceof`.
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    certstream: 'src/certstream/index.ts',
    cluster: 'src/cluster/index.ts',
    testing: 'src/testing/index.ts',
    metrics: 'src/metrics/index.ts',
    modules: 'src/modules/index.ts',
    'modules/intelligence': 'src/modules/intelligence.ts',
    'modules/redis-cache': 'src/modules/redis-cache.ts',
    'modules/watchlist': 'src/modules/watchlist.ts',
    'outputs/command': 'src/outputs/command.ts',
    'modules/testing': 'src/module-testing/index.ts',
    'outputs/csv': 'src/outputs/csv.ts',
    'outputs/jsonl': 'src/outputs/jsonl.ts',
    'outputs/otlp': 'src/outputs/otlp.ts',
    'outputs/smtp': 'src/outputs/smtp.ts',
    'outputs/sqlite': 'src/outputs/sqlite.ts',
    'outputs/syslog': 'src/outputs/syslog.ts',
    'outputs/webhook': 'src/outputs/webhook.ts',
    processors: 'src/processors/index.ts',
    'processors/postgres': 'src/processors/postgres/index.ts',
    server: 'src/server/index.ts',
    sinks: 'src/sinks/index.ts',
    'sinks/kafka': 'src/sinks/kafka.ts',
    'sinks/mongodb': 'src/sinks/mongodb.ts',
    'sinks/nats': 'src/sinks/nats.ts',
    'sinks/opensearch': 'src/sinks/opensearch.ts',
    'sinks/postgres': 'src/sinks/postgres.ts',
    'sinks/rabbitmq': 'src/sinks/rabbitmq.ts',
    'sinks/redis': 'src/sinks/redis.ts',
    cli: 'src/cli/main.ts',
    'page-worker': 'src/pages/page-worker.ts',
    'module-worker': 'src/modules/threads/module-worker.ts',
  },
  format: 'esm',
  target: 'node20',
  platform: 'node',
  splitting: true,
  sourcemap: true,
  clean: true,
  onSuccess: async () => {
    await buildPage()
    if (process.env.CT_STREAM_TEST_BUILD !== 'code') declare()
    writeFileSync('dist/ct-stream.1', execFileSync(process.execPath, ['dist/cli.js', 'manual']))
  },
})

/** The compiler's own declarations mirror src and keep every doc comment. */
function declare(): void {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '--project', 'src'], { stdio: 'inherit' })
}

/** The page of the server: one script and one style sheet for browsers, with all they need. */
async function buildPage(): Promise<void> {
  await build({
    config: false,
    silent: true,
    entry: { page: 'src/page/main.ts' },
    outDir: 'dist/page',
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    tsconfig: 'src/page/tsconfig.json',
    minify: true,
    noExternal: [/./],
    outExtension: () => ({ js: '.js' }),
  })
  for (const name of ['index.html', 'icon.svg']) copyFileSync(`src/page/${name}`, `dist/page/${name}`)
}
