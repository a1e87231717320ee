/** certstream-js, which has no types of its own: what its README shows. */
declare module 'certstream' {
  export default class CertStreamClient {
    constructor(callback: (message: Record<string, unknown>, context: unknown) => void, skipHeartbeats?: boolean)
    connect(url: string): void
    readonly ws: { on(event: 'open', listener: () => void): void; terminate(): void }
  }
}
