import { html } from 'htm/preact'
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import { quantity, rate } from './text.js'

export interface ChartProps {
  readonly series: [times: number[], counts: (number | null)[]]
  readonly now: number
  readonly mean: number
  /** Changes with the colours. */
  readonly theme: number
}

const HEIGHT = 190

/** Certificates a second over the last quarter of an hour. */
export function Chart({ series, now, mean, theme }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<UPlot | undefined>(undefined)
  const value = useRef<HTMLElement>(null)
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const plot = new UPlot(optionsOf(element, value), series, element)
    chart.current = plot
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [theme])
  useEffect(() => chart.current?.setData(series), [series])
  const known = series[1].filter((count) => count !== null)
  const most = known.reduce((max, count) => Math.max(max, count), 0)
  const summary = `now ${rate(now)} · mean ${rate(mean)} · most ${quantity(most)}`
  return html`<section class="card chart" aria-labelledby="chart-title">
    <div class="title">
      <h2 id="chart-title">Certificates a second</h2>
      <span class="muted"><span ref=${value} class="under-cursor"></span>${summary}</span>
    </div>
    <div ref=${place} role="img" aria-label=${`Certificates a second over the last 15 minutes: ${summary}`}></div>
  </section>`
}

function optionsOf(element: HTMLElement, value: { readonly current: HTMLElement | null }): UPlot.Options {
  const colour = (name: string) => getComputedStyle(element).getPropertyValue(name).trim()
  const axis: UPlot.Axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    padding: [8, 8, 0, 0],
    scales: { y: { range: (_, __, max) => [0, Math.max(5, (max ?? 0) * 1.1)] } },
    axes: [
      {
        ...axis,
        size: 28,
        values: (_, times) => times.map((time) => new Date(time * 1000).toTimeString().slice(0, 5)),
      },
      { ...axis, size: 52, values: (_, counts) => counts.map((count) => quantity(count)) },
    ],
    series: [{}, { stroke: colour('--accent'), width: 1.5, fill: colour('--accent-soft'), points: { show: false } }],
    hooks: {
      setCursor: [
        ({ cursor: { idx }, data: [times, counts] }) => {
          if (value.current === null) return
          const [time, count] = idx === null || idx === undefined ? [] : [times[idx], counts?.[idx]]
          const isKnown = time !== undefined && count !== null && count !== undefined
          value.current.textContent = isKnown
            ? `${new Date(time * 1000).toTimeString().slice(0, 8)}: ${quantity(count)} · `
            : ''
        },
      ],
    },
  }
}
