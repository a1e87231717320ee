import { html } from 'htm/preact'
import { partsOf } from './text.js'

/** Text from strangers: never as markup, with hidden characters by number, and isolated from the text around it. */
export function Words({ text }: { readonly text: string }) {
  return html`<bdi dir="ltr"
    >${partsOf(text).map((part) =>
      part.isHidden
        ? html`<span class="hidden" title="a character that does not show itself">${part.text}</span>`
        : part.text,
    )}</bdi
  >`
}
