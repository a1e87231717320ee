import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'

/**
 * A real TLS server on loopback whose certificate no client trusts: self-signed, for another name. Made with `openssl req -x509
 * -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj /CN=untrusted.example`; the key is worth nothing.
 */
export class UntrustedServer {
  /** Requests that got through: none, if clients do what they should. */
  requests = 0
  private readonly server: Server

  private constructor() {
    this.server = createServer({ key, cert }, (_, response) => {
      this.requests++
      response.end('{}')
    })
    this.server.on('tlsClientError', () => {})
  }

  static async open(): Promise<UntrustedServer> {
    const server = new UntrustedServer()
    await new Promise<void>((resolve) => server.server.listen(0, '127.0.0.1', resolve))
    return server
  }

  /** `https://127.0.0.1:<port>`. */
  get origin(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXRLrIwMO+HWolLKV
e/XO/37VlUGysy73VKW/O5zUOsyhRANCAATmiwJ25sNUQnB7fXvl5xbIOonZKjWu
BPFK86mtSDx8VhYAVhL+ChMxzRAs8erL4fDEyz4kjrTF4P9fd20JLur1
-----END PRIVATE KEY-----
`

const cert = `-----BEGIN CERTIFICATE-----
MIIBrTCCAVOgAwIBAgIUMqltv4sMU+CZVvjckzLsFCPg8HUwCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRdW50cnVzdGVkLmV4YW1wbGUwIBcNMjYxMTI0MTcyMTM3WhgP
MjEyNjEwMzExNzIxMzdaMBwxGjAYBgNVBAMMEXVudHJ1c3RlZC5leGFtcGxlMFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE5osCdubDVEJwe3175ecWyDqJ2So1rgTx
SvOprUg8fFYWAFYS/goTMc0QLPHqy+HwxMs+JI60xeD/X3dtCS7q9aNxMG8wHQYD
VR0OBBYEFAPgkNQnKz9iiAn9+gEn0GwKpiJ5MB8GA1UdIwQYMBaAFAPgkNQnKz9i
iAn9+gEn0GwKpiJ5MA8GA1UdEwEB/wQFMAMBAf8wHAYDVR0RBBUwE4IRdW50cnVz
dGVkLmV4YW1wbGUwCgYIKoZIzj0EAwIDSAAwRQIhAJF3t9WFmAHbH2fTwznKDHfd
gEfXxOhasVk5CWFJ0IOEAiA6ioLjmHfcbSNMMwpeOFE9DTH33WQgeJiv7wGShvSt
Yw==
-----END CERTIFICATE-----
`

/** Its certificate, for other servers on loopback. */
export const selfSigned = { key, cert }

/** Another pair, made in the same way for `renewed.example`. */
export const renewedPair = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgV+QTT0JRJlKM7y24
QfzVVdV6GjwIxKeCrx7dc5VHTTihRANCAAQWxoCDstQ9ttqE9SrsYooY8Ar1ohIX
uQdk4M3xmSXt+IlwkyALBOYlMUfMTGdx8gRrLTkdLVpSUr55RYjpTno5
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBizCCATGgAwIBAgIUSdMXjm7KSNxjzZgTByCk0u1co4kwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPcmVuZXdlZC5leGFtcGxlMCAXDTI2MTEzMDIwMjQyMVoYDzIx
MjYxMTA2MjAyNDIxWjAaMRgwFgYDVQQDDA9yZW5ld2VkLmV4YW1wbGUwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAAQWxoCDstQ9ttqE9SrsYooY8Ar1ohIXuQdk4M3x
mSXt+IlwkyALBOYlMUfMTGdx8gRrLTkdLVpSUr55RYjpTno5o1MwUTAdBgNVHQ4E
FgQUPXoQfmXD90gj+VKm2zIxq+SmrIwwHwYDVR0jBBgwFoAUPXoQfmXD90gj+VKm
2zIxq+SmrIwwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEArEsH
jLLomM8TA2Nv5vKEqHP5QbaT3EG8ZD3LTzJ51DACIAttHkGlc1ss6nZuDI4Hwiy2
fsPSI05pSxmHNTUdb7J3
-----END CERTIFICATE-----
`,
}
