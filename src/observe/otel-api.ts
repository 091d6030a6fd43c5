// What is called of `@opentelemetry/api`, which the application brings: its version 1.9 or later.

export type Attributes = Record<string, string | number>

/** An instrument that is asked for its value at each collection. */
export type Observable = object

export interface Meter {
  createObservableCounter(name: string, options: { description: string; unit: string }): Observable
  createObservableUpDownCounter(name: string, options: { description: string; unit: string }): Observable
  createHistogram(
    name: string,
    options: { description: string; unit: string; advice: { explicitBucketBoundaries: number[] } },
  ): { record(value: number, attributes: Attributes): void }
  addBatchObservableCallback(callback: BatchCallback, observables: never): void
  removeBatchObservableCallback(callback: BatchCallback, observables: never): void
}

export type BatchCallback = (result: {
  observe(observable: never, value: number, attributes: Attributes): void
}) => void

export interface MeterProvider {
  getMeter(name: string): unknown
}

/** A context of the application's. */
export type Context = object

export interface Span {
  spanContext(): object
  setAttribute(name: string, value: string | number): unknown
  setStatus(status: { code: number; message?: string }): unknown
  recordException(error: never): void
  end(): void
}

export interface Tracer {
  startSpan(name: string, options: object, context: never): unknown
}

export interface TracerProvider {
  getTracer(name: string): unknown
}

/** The module `@opentelemetry/api`, as far as it is called: `import * as api from '@opentelemetry/api'`. */
export interface Api {
  readonly metrics: { getMeterProvider(): MeterProvider }
  readonly trace: {
    getTracerProvider(): TracerProvider
    getSpan(context: never): unknown
    setSpan(context: never, span: never): unknown
  }
  readonly context: { active(): unknown; with(context: never, call: () => unknown): unknown }
  readonly ROOT_CONTEXT: unknown
}

/** The name of this package as a source of telemetry. */
export const SCOPE = 'nearcache'
