// A line through measured points, as SVG.
import { init } from 'echarts'

/** @param points - `[x, y][]`; @param isLog - Whether x grows by factors. */
export function linePlot({ title, x, y, points, isLog = true }) {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 640, height: 340 })
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#fff',
      title: { text: title, left: 'center', textStyle: { fontSize: 15 } },
      grid: { left: 70, right: 40, top: 50, bottom: 55 },
      xAxis: {
        type: isLog ? 'log' : 'value',
        name: x,
        nameLocation: 'middle',
        nameGap: 30,
        min: 'dataMin',
        max: 'dataMax',
      },
      yAxis: { type: 'value', name: y, nameLocation: 'middle', nameGap: 45, min: 0 },
      series: [{ type: 'line', data: points, symbolSize: 7 }],
    })
    return still(chart.renderToSVGString(), title)
  } finally {
    chart.dispose()
  }
}

/** Without the styles of what a pointer is over, and with a title for those who do not see it. */
function still(svg, title) {
  return svg
    .replace(/<style\s*>[\s\S]*?<\/style>/g, '')
    .replace(/ class="[^"]*"/g, '')
    .replace('>', `><title>${title}</title>`)
    .replace(/\n+/g, '\n')
}
