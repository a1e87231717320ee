import { html, render } from 'htm/preact'
import 'uplot/dist/uPlot.min.css'
import './page.css'
import { App } from './app.js'
import { applyTheme } from './theme.js'

applyTheme()
const place = document.getElementById('page')
if (place !== null) render(html`<${App} />`, place)
