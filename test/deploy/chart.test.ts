import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { folder, has, run } from './tools.js'

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> }
  readonly spec: {
    readonly template?: Manifest
    readonly selector?: Record<string, string> & { readonly matchLabels?: Record<string, string> }
    readonly podSelector?: { readonly matchLabels: Record<string, string> }
    readonly ingress?: readonly { readonly from: readonly object[] }[]
    readonly jobLabel?: string
  }
}

interface SinkSpec {
  readonly replicas: number
  readonly volumeClaimTemplates?: readonly object[]
  readonly template: {
    readonly spec: {
      readonly containers: readonly [
        {
          readonly args: readonly string[]
          readonly env: readonly object[]
          readonly volumeMounts: readonly { readonly mountPath: string }[]
        },
      ]
    }
  }
}

const place = mkdtempSync(join(tmpdir(), 'ct-stream-chart-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))
const chart = join(folder, 'chart')
/** Helm that was not built as a release knows an old version alone. */
const cluster = ['--kube-version', '1.31.0']
const valuesFiles = ['ci/full.yaml', 'ci/small.yaml', 'ci/redis.yaml', 'ci/opensearch.yaml']
/** Kinds that have pods. */
const withPods = /^(Deployment|StatefulSet)$/

function rendered(...argv: string[]): string {
  const { status, stdout, stderr } = run('helm', ['template', 'ct', chart, ...cluster, ...argv])
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return stdout
}
const manifests = (text: string) =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((one) => one !== null)

/** Kinds of Prometheus Operator, of which Kubernetes has no schemas. */
const foreign = /^(PodMonitor|PrometheusRule)$/

describe.skipIf(!has('helm'))('the chart', () => {
  it.each(valuesFiles)('has nothing to complain of with %s', (file) => {
    const { status, stdout } = run('helm', ['lint', '--strict', chart, '--values', join(chart, file)])
    expect(status, stdout).toBe(0)
  })

  it('needs an address for the operators of logs', () => {
    const { status, stderr } = run('helm', ['template', 'ct', chart, ...cluster])
    expect([status, stderr]).toEqual([1, expect.stringContaining('contact is needed')])
  })

  it('is what the plain manifests are made of', () => {
    const text = rendered('--values', join(chart, 'ci', 'full.yaml'), '--set', 'processor.enabled=false')
    const plain = readFileSync(join(folder, 'manifests.yaml'), 'utf8')
    expect(manifests(plain)).toEqual(manifests(text))
  })

  it('has pods that are not root, cannot write, hold no token of the cluster, and get no variables of its services', () => {
    for (const file of valuesFiles) {
      const owners = manifests(rendered('--values', join(chart, file))).filter(({ kind }) => withPods.test(kind))
      expect(owners.length).toBeGreaterThan(0)
      for (const { spec } of owners)
        expect(spec).toMatchObject({
          template: {
            spec: {
              automountServiceAccountToken: false,
              enableServiceLinks: false,
              securityContext: { runAsNonRoot: true },
              containers: [{ securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false } }],
            },
          },
        })
    }
  })

  it('has selectors that fit the pods they are for', () => {
    const all = manifests(rendered('--values', join(chart, 'ci', 'full.yaml'), '--set', 'sink.enabled=true'))
    const pods = all.flatMap(({ spec }) => (spec?.template === undefined ? [] : [spec.template.metadata.labels]))
    const selectors = all.flatMap(({ kind, spec: { selector, podSelector } = {} }) => {
      const of = kind === 'Service' ? selector : (selector?.matchLabels ?? podSelector?.matchLabels)
      return of === undefined ? [] : [of]
    })
    expect(selectors.length).toBeGreaterThan(8)
    for (const selector of selectors)
      expect(pods.some((labels) => Object.entries(selector).every(([name, value]) => labels[name] === value))).toBe(
        true,
      )
  })

  it('admits nobody where nobody is named', () => {
    const values = ['--values', join(chart, 'ci', 'full.yaml'), '--set', 'sink.enabled=true']
    const ingress = (...more: string[]) => {
      const policies = manifests(rendered(...values, ...more)).filter(({ kind }) => kind === 'NetworkPolicy')
      return Object.fromEntries(policies.map(({ metadata, spec }) => [metadata.name, spec.ingress]))
    }
    const ports = [{ port: 8080, protocol: 'TCP' }]
    const noMetrics = ingress('--set-json', 'networkPolicy.metricsFrom=[]')
    // An empty `from` would admit everybody.
    expect(noMetrics).toEqual({
      ...{ 'ct-collector': [], 'ct-processor': [], 'ct-sink': [] },
      'ct-api': [{ from: [{ podSelector: {} }], ports }],
    })
    const nobody = ingress('--set-json', 'networkPolicy.metricsFrom=[],networkPolicy.apiFrom=[]')
    expect(nobody).toEqual({ ...noMetrics, 'ct-api': [] })
    expect(ingress()['ct-collector']).toEqual([{ from: [{ namespaceSelector: {} }], ports }])
  })

  it('has its pods scraped as the job that the rules are about', () => {
    const all = manifests(rendered('--values', join(chart, 'ci', 'full.yaml'), '--set', 'sink.enabled=true'))
    const label = all.find(({ kind }) => kind === 'PodMonitor')?.spec.jobLabel ?? ''
    const pods = all.flatMap(({ spec }) => (spec?.template === undefined ? [] : [spec.template.metadata.labels]))
    const rules = readFileSync(join(folder, '..', 'monitoring', 'rules.yml'), 'utf8')
    const [, job] = /up\{job="([^"]+)"\}/.exec(rules) ?? []
    expect(pods.length).toBeGreaterThan(3)
    expect(pods.map((labels) => labels[label])).toEqual(pods.map(() => job))
  })

  it.each(['redis', 'opensearch'])(
    'writes to %s alone from one pod, with the URL from a secret and flags that exist',
    (engine) => {
      const all = manifests(rendered('--values', join(chart, 'ci', `${engine}.yaml`)))
      expect(all.map(({ kind }) => kind).filter((kind) => !foreign.test(kind))).toEqual([
        'NetworkPolicy',
        'StatefulSet',
      ])
      const sink = all.find(({ kind }) => kind === 'StatefulSet')?.spec as unknown as SinkSpec
      expect(sink.replicas).toBe(1)
      const [{ args, env, volumeMounts }] = sink.template.spec.containers
      expect(env[0]).toEqual({
        name: 'CT_STREAM_SINK',
        valueFrom: { secretKeyRef: { name: `${engine}-url`, key: 'url' } },
      })
      const help = run(process.execPath, ['dist/cli.js', 'help', 'stream']).stdout
      for (const flag of args.filter((word) => word.startsWith('--'))) expect(help).toContain(flag)
      // Redis keeps the positions.
      const keepsPositions = engine === 'opensearch'
      expect(args.includes('--checkpoint')).toBe(keepsPositions)
      expect(volumeMounts.some(({ mountPath }) => mountPath === '/data')).toBe(keepsPositions)
      expect((sink.volumeClaimTemplates ?? []).length).toBe(keepsPositions ? 1 : 0)
    },
  )

  it.skipIf(!has('kubernetes-validate')).each(valuesFiles)('is valid for Kubernetes with %s', (file) => {
    const documents = manifests(rendered('--values', join(chart, file)))
    const own = documents.filter(({ kind }) => !foreign.test(kind))
    const target = join(place, 'all.yaml')
    writeFileSync(target, own.map((one) => JSON.stringify(one)).join('\n---\n'))
    for (const version of ['1.30', '1.37']) {
      const { status, stdout, stderr } = run('kubernetes-validate', ['--strict', '-k', version, target])
      expect(status, `${stdout}${stderr}`).toBe(0)
    }
    // It can say no.
    writeFileSync(target, JSON.stringify({ ...own.find(({ kind }) => withPods.test(kind)), spec: { replicas: 'two' } }))
    expect(run('kubernetes-validate', ['--strict', target]).status).not.toBe(0)
  })
})

describe.skipIf(!has('promtool'))('the alerts', () => {
  it('tell of what they are for, and of nothing else', () => {
    const { status, stdout, stderr } = run('promtool', ['test', 'rules', join(folder, 'rules.test.yml')])
    expect(status, `${stdout}${stderr}`).toBe(0)
    const alerts = [...readFileSync(join(chart, 'rules.yml'), 'utf8').matchAll(/alert: (\S+)/g)].map(([, name]) => name)
    const tested = readFileSync(join(folder, 'rules.test.yml'), 'utf8')
    expect(alerts.length).toBeGreaterThan(3)
    for (const alert of alerts) expect(tested).toMatch(new RegExp(`alertname: ${alert}\\n\\s+exp_alerts`))
  })
})
