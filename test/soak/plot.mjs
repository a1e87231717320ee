// Samples as a page of line charts: SVG by hand, readable without anything.
const WIDTH = 960
const HEIGHT = 120
const LEFT = 110
const GAP = 34

const MIB = 1024 * 1024
const CHARTS = [
  { key: 'bufferedBytes', title: 'held of the byte budget (MiB)', scale: MIB },
  { key: 'rss', title: 'resident memory (MiB)', scale: MIB },
  { key: 'heapUsed', title: 'heap (MiB)', scale: MIB },
  { key: 'handles', title: 'open handles', scale: 1 },
  { key: 'loopMs', title: 'longest event-loop delay in a second (ms)', scale: 1 },
  { key: 'lag', title: 'entries behind the newest heads', scale: 1 },
]

export function plotOf(samples, budget) {
  const endMs = samples.at(-1)?.at ?? 1
  const charts = CHARTS.map(({ key, title, scale }, i) => {
    const top = 30 + i * (HEIGHT + GAP)
    const bound = key === 'bufferedBytes' ? budget / scale : 0
    const most = Math.max(1, bound, ...samples.map((sample) => sample[key] / scale))
    const x = (at) => LEFT + (at / endMs) * (WIDTH - LEFT - 20)
    const y = (value) => top + HEIGHT - (value / most) * HEIGHT
    const points = samples.map((sample) => `${x(sample.at).toFixed(1)},${y(sample[key] / scale).toFixed(1)}`)
    const line =
      bound > 0
        ? `<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(bound)}" y2="${y(bound)}" stroke="#c33" stroke-dasharray="4 4"/>`
        : ''
    return `<text x="${LEFT}" y="${top - 8}" font-weight="bold">${title}</text>
<rect x="${LEFT}" y="${top}" width="${WIDTH - LEFT - 20}" height="${HEIGHT}" fill="none" stroke="#bbb"/>
<text x="${LEFT - 8}" y="${top + 10}" text-anchor="end">${most.toFixed(most < 10 ? 1 : 0)}</text>
<text x="${LEFT - 8}" y="${top + HEIGHT}" text-anchor="end">0</text>${line}
<polyline fill="none" stroke="#2563a8" points="${points.join(' ')}"/>`
  })
  const height = 30 + CHARTS.length * (HEIGHT + GAP)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${charts.join('\n')}
<text x="${LEFT}" y="${height - 6}">0</text><text x="${WIDTH - 20}" y="${height - 6}" text-anchor="end">${(endMs / 60_000).toFixed(1)} min</text>
</svg>
`
}
