import { html } from 'htm/preact'
import { partsOf } from './text.js'

/** Text from strangers: as text, each hidden character by its number, and isolated from what stands around it. */
export function Words({ text }: { readonly text: string }) {
  return html`<bdi dir="ltr"
    >${partsOf(text).map((part) =>
      part.isHidden
        ? html`<span class="hidden" title="a character that does not show itself">${part.text}</span>`
        : part.text,
    )}</bdi
  >`
}
