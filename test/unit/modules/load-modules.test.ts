import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { defineModule, loadModules, type ModuleSpec } from '../../../src/modules/index.js'

const folder = mkdtempSync(join(tmpdir(), 'ct-stream-load-'))
afterAll(() => rmSync(folder, { recursive: true }))

// Made by hand, as another copy of the package would.
const source = (name: string) =>
  `const m = { name: ${JSON.stringify(name)}, with: (options) => ({ module: m, options }) }
Object.defineProperty(m, Symbol.for('ct-stream.module'), { value: true })
export default m\n`

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

write('one.mjs', source('one'))
write('many/b.mjs', source('b'))
write('many/a.mjs', source('a'))
write('many/README.md', '')
write('empty/README.md', '')
write('none.mjs', 'export default { name: "none" }')
write('broken.mjs', 'export default (')
write('throws.mjs', 'throw new Error("no database\\nand more")')
for (const name of ['ct-stream-module-only-ev', '@me/watch', 'plain']) {
  write(`node_modules/${name}/package.json`, JSON.stringify({ name, type: 'module', exports: './index.js' }))
  write(`node_modules/${name}/index.js`, source(name.replace('@', '')))
}
const exportsOf = {
  'only-import': { '.': { types: './index.d.ts', import: './index.js' }, './more': { import: { node: './more.js' } } },
  'only-browsers': { '.': { browser: './index.js' } },
}
for (const [name, exports] of Object.entries(exportsOf)) {
  write(`node_modules/${name}/package.json`, JSON.stringify({ name, type: 'module', exports }))
  write(`node_modules/${name}/index.js`, source(name))
  write(`node_modules/${name}/more.js`, source('more'))
}

describe('loadModules', () => {
  const names = async (...specs: ModuleSpec[]) =>
    (await loadModules(specs, { from: folder })).map(({ module, name }) => name ?? module.name)

  it('finds them by value, file, folder and package, in order', async () => {
    const own = defineModule({ name: 'own' })
    expect(
      await names(
        own,
        './one.mjs',
        './many',
        'only-ev',
        'ct-stream-module-only-ev',
        '@me/watch',
        'plain',
        own.with({}),
      ),
    ).toEqual([
      ...['own', 'one', 'a', 'b', 'ct-stream-module-only-ev', 'ct-stream-module-only-ev', 'me/watch', 'plain', 'own'],
    ])
  })

  it('finds a package, and a path in it, that can only be imported', async () => {
    expect(await names('only-import', 'only-import/more')).toEqual(['only-import', 'more'])
  })

  it('hands on options and use, and takes a URL for the folder', async () => {
    const spec = { module: './one.mjs', options: { x: 1 }, name: 'uno', limits: { concurrency: 2 } }
    const [module] = await loadModules([spec], { from: pathToFileURL(`${folder}/`) })
    expect(module).toMatchObject({ ...spec, module: { name: 'one' } })
  })

  const wrong: [ModuleSpec, RegExp][] = [
    ['./gone.mjs', /module `.\/gone.mjs` is not found: there is no .*gone.mjs/],
    ['only-dv', /there is no package ct-stream-module-only-dv or only-dv that .* could import; install it/],
    ['path', /there is no package ct-stream-module-path or path/],
    ['only-browsers', /cannot be resolved: No "exports" main defined/],
    ['only-import/less', /cannot be resolved: Package subpath '.\/less' is not defined/],
    ['none.mjs', /or name a file \(.\/none\.mjs\)$/],
    ['./none.mjs', /exports no module .*its default export must be what defineModule\(\) returns/],
    ['./broken.mjs', /cannot be imported .*broken.mjs/],
    ['./throws.mjs', /cannot be imported \(.*throws.mjs\): no database$/],
    ['./empty', /is a folder without modules/],
    [{ module: './many', name: 'x' }, /they cannot all have one `name`/],
    [5 as unknown as string, /is neither a module nor the name of one/],
    [null as unknown as string, /is neither a module nor the name of one/],
  ]
  it.each(wrong)('says what is wrong with %j', async (spec, message) => {
    await expect(loadModules([spec], { from: folder })).rejects.toMatchObject({
      code: 'CT_MODULE_INVALID',
      message: expect.stringMatching(message),
    })
  })
})
