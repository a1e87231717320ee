import build from '../../tsup.config.js'

// What the package is built from, and nothing of the tests: an export that only tests use belongs to them.
const { entry } = build as { readonly entry: Readonly<Record<string, string>> }

export default {
  entry: [...Object.values(entry), 'src/page/main.ts'].map((file) => `${file}!`),
  project: ['src/**/*.ts!'],
  ignoreBinaries: ['tsup'],
  ignoreExportsUsedInFile: true,
  exclude: ['duplicates'],
}
