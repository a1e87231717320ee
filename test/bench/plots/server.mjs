// Logs of issued certificates, for plots.mjs: `server.mjs '{"dist":…,"logs":[{"entries":…,"names":…},…]}'`; sends their specs, ends with its parent.
const { dist, logs } = JSON.parse(process.argv[2])
const { createTestLog, issueCertificates } = await import(`${dist}/testing.js`)

const specs = []
for (const [i, { entries, names }] of logs.entries()) {
  const requests = Array.from({ length: entries }, (_, n) => ({
    dnsNames: Array.from({ length: names }, (_, k) => `host-${k}.site-${i}-${n}.example`),
  }))
  const log = await createTestLog({ entries: issueCertificates(requests, { seed: `plot ${i}` }) })
  specs.push(log.spec)
}
process.once('disconnect', () => process.exit(0))
process.send({ ready: specs })
