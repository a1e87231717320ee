import { html } from 'htm/preact'
import { useState } from 'preact/hooks'

const themes = ['auto', 'light', 'dark'] as const
type Theme = (typeof themes)[number]
const KEY = 'ct-stream theme'

/** The theme chosen in this browser. */
export function applyTheme(): Theme {
  const chosen = themes.find((theme) => theme === localStorage.getItem(KEY)) ?? 'auto'
  document.documentElement.dataset.theme = chosen
  return chosen
}

/** The switch between themes. @param onChange - Called when the colours have changed. */
export function ThemeSwitch({ onChange }: { readonly onChange: () => void }) {
  const [theme, setTheme] = useState<Theme>(applyTheme)
  const choose = (chosen: Theme) => {
    localStorage.setItem(KEY, chosen)
    setTheme(applyTheme())
    onChange()
  }
  return html`<fieldset class="switch">
    <legend class="unseen">Theme</legend>
    ${themes.map(
      (one) => html`<label key=${one}>
        <input type="radio" name="theme" value=${one} checked=${one === theme} onChange=${() => choose(one)} />
        <span>${one}</span>
      </label>`,
    )}
  </fieldset>`
}
