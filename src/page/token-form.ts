import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import { setToken } from './requests.js'

/** Asks for the token that the server wants. */
export function TokenForm({ isWrong, onToken }: { readonly isWrong: boolean; readonly onToken: () => void }) {
  const [text, setText] = useState('')
  // Tokens of the server have only these characters, and a header cannot carry others.
  const isPossible = /^[\x21-\x7e]+$/.test(text.trim())
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (!isPossible) return
    setToken(text.trim())
    onToken()
  }
  return html`<main class="locked">
    <form class="card" onSubmit=${submit}>
      <h1>ct-stream</h1>
      <label for="token">This server wants a token.</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        aria-describedby="token-note"
        value=${text}
        onInput=${(event: InputEvent) => setText((event.target as HTMLInputElement).value)}
      />
      <p id="token-note" class=${isWrong ? 'bad' : 'muted'} role=${isWrong ? 'alert' : undefined}>
        ${isWrong ? 'The server does not accept this token.' : 'It is kept in this tab until you close it.'}
      </p>
      <button type="submit" class="action" disabled=${!isPossible}>Open</button>
    </form>
  </main>`
}
