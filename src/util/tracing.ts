import type { Attributes, Span, Tracer } from '@opentelemetry/api'
import { CtStreamError } from '../errors.js'
import { VERSION } from '../version.js'
import { harmless } from './harmless.js'

type Api = typeof import('@opentelemetry/api')
type Values = Readonly<Record<string, string | number | undefined>>

/** Name, kind and attributes of a span that begins. */
export interface SpanStart {
  readonly name: string
  /** `client` for a request to another machine. */
  readonly kind: 'client' | 'internal'
  readonly attributes: Values
}

/** A span that its owner ends. */
export interface OpenSpan {
  end(): void
}

/**
 * Spans for OpenTelemetry in programs that have set it up. In others it does nothing, and loads nothing.
 *
 * Setting up OpenTelemetry, with whatever copy of its API, leaves a mark at a global symbol. {@link open} looks for it there, once.
 */
export class Tracing {
  private tracer: Tracer | undefined
  private api: Api | undefined

  /** Whether spans are recorded. */
  get isOn(): boolean {
    return this.tracer !== undefined
  }

  /** Whether the program has set up OpenTelemetry: if not, {@link open} does nothing. */
  static get isWanted(): boolean {
    const globals = globalThis as unknown as Record<symbol, { readonly trace?: unknown } | undefined>
    return globals[Symbol.for('opentelemetry.js.api.1')]?.trace !== undefined
  }

  async open(): Promise<void> {
    if (!Tracing.isWanted) return
    // The program's copy of the package may be one that cannot be imported from here: then there are no spans.
    const api = await import('@opentelemetry/api').catch(() => undefined)
    this.api = api
    this.tracer = api?.trace.getTracer('ct-stream', VERSION)
  }

  /**
   * Runs `run` within a span. What it throws is recorded on the span, and thrown on.
   *
   * @param attributesOf - Attributes made from the result, set before the span ends.
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

  /** A span that the caller ends; `undefined` when spans are not recorded. */
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
