import type { Attributes, Span, Tracer } from '@opentelemetry/api'
import { CtStreamError } from '../errors.js'
import { VERSION } from '../version.js'
import { harmless } from './harmless.js'

type Api = typeof import('@opentelemetry/api')
type Values = Readonly<Record<string, string | number | undefined>>

/** What is known when a span begins. */
export interface SpanStart {
  readonly name: string
  /** Whether somebody else is asked. */
  readonly kind: 'client' | 'internal'
  readonly attributes: Values
}

/** Something that began and ends later. */
export interface OpenSpan {
  end(): void
}

/**
 * Spans for OpenTelemetry where a program has set it up; nothing where it has not, and nothing is loaded then.
 *
 * Whoever sets it up, whatever copy of the API it uses, leaves it at a global symbol: it is looked for there, once, by {@link open}.
 */
export class Tracing {
  private tracer: Tracer | undefined
  private api: Api | undefined

  /** Whether there is anybody who wants spans. */
  get isOn(): boolean {
    return this.tracer !== undefined
  }

  /** Whether a program has set it up: if not, {@link open} does nothing. */
  static get isWanted(): boolean {
    const globals = globalThis as unknown as Record<symbol, { readonly trace?: unknown } | undefined>
    return globals[Symbol.for('opentelemetry.js.api.1')]?.trace !== undefined
  }

  async open(): Promise<void> {
    if (!Tracing.isWanted) return
    // Without the package nobody can have set it up by it; a copy that is out of reach is as good as none.
    const api = await import('@opentelemetry/api').catch(() => undefined)
    this.api = api
    this.tracer = api?.trace.getTracer('ct-stream', VERSION)
  }

  /**
   * What `run` does as a span; what it throws is on it, and thrown.
   *
   * @param attributesOf - Of the result, put on it at its end.
   */
  async span<T>(
    { name, kind, attributes }: SpanStart,
    run: () => Promise<T>,
    attributesOf?: (result: T) => Values,
  ): Promise<T> {
    const { tracer, api } = this
    if (tracer === undefined || api === undefined) return run()
    const span = tracer.startSpan(name, {
      kind: kind === 'client' ? api.SpanKind.CLIENT : api.SpanKind.INTERNAL,
      attributes: known(attributes),
    })
    try {
      const result = await api.context.with(api.trace.setSpan(api.context.active(), span), run)
      if (attributesOf !== undefined) span.setAttributes(known(attributesOf(result)))
      return result
    } catch (error) {
      failed(span, api, error)
      throw error
    } finally {
      span.end()
    }
  }

  /** A span that ends by itself; `undefined` when nobody wants it. */
  begin(name: string, attributes: Values): OpenSpan | undefined {
    return this.tracer?.startSpan(name, { attributes: known(attributes) })
  }
}

function failed(span: Span, api: Api, error: unknown): void {
  const { code, message } = CtStreamError.is(error) ? error : { code: undefined, message: String(error) }
  span.setAttribute('error.type', code ?? 'error')
  span.setStatus({ code: api.SpanStatusCode.ERROR, message: harmless(message) })
}

function known(values: Values): Attributes {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
