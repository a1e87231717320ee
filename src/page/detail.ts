import { html } from 'htm/preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { CertificateJson } from '../types/certificate-json.js'
import { certificateOf } from './requests.js'
import { plainText } from './text.js'
import { Words } from './words.js'

/** Most names shown: a certificate may have thousands, and a page with all of them would freeze. */
const MAX_NAMES = 300

type Detail = CertificateJson & { readonly der: string | null }

/** All of one certificate. Closes with Escape, the button, or a click beside it. */
export function DetailView({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [detail, setDetail] = useState<Detail | string | undefined>(undefined)
  useEffect(() => {
    dialog.current?.showModal()
    certificateOf(id).then(
      (record) => setDetail(record as unknown as Detail),
      (error: unknown) => setDetail(error instanceof Error ? error.message : 'It cannot be shown.'),
    )
  }, [id])
  const onClick = (event: MouseEvent) => {
    if (event.target === dialog.current) dialog.current?.close()
  }
  return html`<dialog ref=${dialog} aria-labelledby="detail-title" onClose=${onClose} onClick=${onClick}>
    <div class="sheet">
      <div class="title">
        <h2 id="detail-title">Certificate</h2>
        <button type="button" class="action" onClick=${() => dialog.current?.close()}>Close</button>
      </div>
      ${
        detail === undefined
          ? html`<p class="muted">One moment …</p>`
          : typeof detail === 'string'
            ? html`<p role="alert">${detail}</p>`
            : html`<${Fields} detail=${detail} />`
      }
    </div>
  </dialog>`
}

function Fields({ detail }: { readonly detail: Detail }) {
  const [isCopied, setCopied] = useState(false)
  const { der, dnsNames, ipAddresses, publicKey, log, problems } = detail
  const names = [...dnsNames, ...ipAddresses]
  const key = publicKey && [publicKey.algorithm, publicKey.curve ?? publicKey.bits].filter(Boolean).join(' ')
  const fields: [string, string | null | undefined][] = [
    ['Subject', detail.subject.text],
    ['Issuer', detail.issuer.text],
    ['Valid', `${shortTime(detail.notBefore)} to ${shortTime(detail.notAfter)}`],
    ['Kind', `${detail.kind}${detail.validation === null ? '' : `, ${detail.validation}`}${detail.isCa ? ', CA' : ''}`],
    ['Key', key],
    ['Signature', detail.signatureAlgorithm?.name ?? detail.signatureAlgorithm?.oid],
    ['Serial number', detail.serialNumber],
    ['SHA-256', detail.sha256],
    ['Log', `${log.description} (${log.operator}), entry ${detail.index}`],
    ['Logged', shortTime(detail.timestamp)],
    ['Proven', detail.verified ? 'in a tree that the log signed' : 'no'],
  ]
  const copy = () => void navigator.clipboard?.writeText(pemOf(der ?? '')).then(() => setCopied(true))
  return html`<ul class="all-names" aria-label="Names">
      ${names.slice(0, MAX_NAMES).map((name) => html`<li key=${name}><${Words} text=${name} /></li>`)}
      ${names.length > MAX_NAMES && html`<li class="muted">and ${names.length - MAX_NAMES} more</li>`}
    </ul>
    <dl>
      ${fields.map(
        ([title, text]) => text && html`<div key=${title}><dt>${title}</dt><dd><${Words} text=${text} /></dd></div>`,
      )}
      ${problems.map(
        ({ code, field, message }) => html`<div>
          <dt class="bad">Problem</dt>
          <dd><code>${code}</code> ${field}: <${Words} text=${message} /></dd>
        </div>`,
      )}
    </dl>
    <p>
      ${der !== null && html`<button type="button" class="action" onClick=${copy}>${isCopied ? 'Copied' : 'Copy as PEM'}</button>`}
    </p>
    <details>
      <summary>As JSON</summary>
      <pre tabindex="0">${jsonOf(detail)}</pre>
    </details>`
}

function shortTime(iso: string | null): string {
  return iso === null ? '?' : iso.replace('T', ' ').replace(/(?:\.\d+)?Z$/, ' UTC')
}

function pemOf(der: string): string {
  return `-----BEGIN CERTIFICATE-----\n${der.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
}

/** At most 100,000 characters: people do not read more. */
function jsonOf(detail: Detail): string {
  const { der: _, ...record } = detail
  const text = JSON.stringify(record, null, 2).slice(0, 100_000)
  return text.split('\n').map(plainText).join('\n')
}
