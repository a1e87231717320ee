// The types of the packed package as a stranger's compiler meets them: nothing installed beside it but typescript and @types/node, and
// `skipLibCheck` off, so that every declaration file it reaches is checked, too.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A program that fails to compile when a type has become `any`, as one does whose declaration cannot be found. */
const program = `import { type CtCertificate, CtStreamError, ctStream, SqliteCheckpointStore } from 'ct-stream'
import { defineModule } from 'ct-stream/modules'
import { findingsOf } from 'ct-stream/modules/testing'
import { watchlist } from 'ct-stream/modules/watchlist'
import { jsonl } from 'ct-stream/outputs/jsonl'
import { checkpointStoreContract, createTestLog, createTestLogList, issueCertificates } from 'ct-stream/testing'

export async function read(): Promise<CtCertificate[]> {
  await using log = await createTestLog({ kind: 'static-ct', entries: issueCertificates(10) })
  const read: CtCertificate[] = []
  for await (const cert of ctStream({ logs: [log.spec], checkpoint: new SqliteCheckpointStore('a.db') })) {
    read.push(cert)
    // @ts-expect-error
    const wrong: number = cert.dnsNames
    const { tbsCertificate } = cert.x509()
    // @ts-expect-error
    const serial: number = tbsCertificate.serialNumber
    console.log(wrong, serial)
  }
  const list = createTestLogList([log])
  // @ts-expect-error
  const wrong: number = list
  // @ts-expect-error
  ctStream().readable().notThere()
  const module = defineModule({
    name: 'names',
    onCertificate({ dnsNames }, { emit }) {
      // @ts-expect-error
      emit({ kind: dnsNames, reason: '' })
    },
  })
  // @ts-expect-error
  jsonl.with({ file: 5 })
  const [finding] = await findingsOf(module, [{ dnsNames: ['a.example'] }], { before: [watchlist.with({ own: ['a.example'] })] })
  // @ts-expect-error
  const subject: number | undefined = finding?.subject
  console.log(subject)
  console.log(wrong, CtStreamError.name, checkpointStoreContract.name)
  return read
}
`

/** How a project can be set up, and find packages. */
const projects = [
  { name: 'ESM, nodenext', type: 'module', options: { module: 'nodenext', moduleResolution: 'nodenext' } },
  { name: 'CommonJS, nodenext', type: 'commonjs', options: { module: 'nodenext', moduleResolution: 'nodenext' } },
  { name: 'ESM, bundler', type: 'module', options: { module: 'esnext', moduleResolution: 'bundler' } },
]

/** What a stranger installs to compile for Node, in the versions this project has. */
export function compilers(tree, readVersion) {
  return ['typescript', '@types/node'].map((name) => `${name}@${readVersion(join(tree, 'node_modules', name))}`)
}

/**
 * Compiles the program in each kind of project.
 *
 * @param folder - Where the package, typescript and @types/node are installed.
 * @param run - Runs a script with arguments in the folder, returns its exit status and what it prints.
 * @throws Error with all that the compiler says.
 */
export function compile(folder, run) {
  const failures = []
  for (const { name, type, options } of projects) {
    const place = join(folder, `types-${options.moduleResolution}-${type}`)
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'package.json'), JSON.stringify({ type }))
    writeFileSync(join(place, 'program.ts'), program)
    const compilerOptions = {
      ...options,
      target: 'es2022',
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      types: ['node'],
    }
    writeFileSync(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }))
    const { status, printed } = run(['node_modules/typescript/bin/tsc', '--project', place])
    if (status !== 0) failures.push(`— ${name}:\n${printed}`)
  }
  if (failures.length > 0) throw new Error(`the types do not compile in a bare project:\n${failures.join('\n')}`)
  return projects.map(({ name }) => name)
}
