/** A message, as a queue delivered it. */
export interface Delivery {
  /** By which it is acknowledged on its channel. */
  readonly tag: number
  /** Those with text as value. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array
}

/** As the client delivers it, which parses bodies of some content types. */
interface Delivered {
  readonly deliveryTag: number
  readonly headers?: Readonly<Record<string, unknown>>
  readonly body: unknown
}

export function deliveryOf({ deliveryTag, headers = {}, body }: Delivered): Delivery {
  return {
    tag: deliveryTag,
    headers: Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as const] : [],
    ),
    body: Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : (JSON.stringify(body) ?? '')),
  }
}
