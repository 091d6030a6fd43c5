export { type Instrumentation, type InstrumentOptions, instrument } from './instrument.ts'
export type { Api, Context, Meter, MeterProvider, Span, Tracer, TracerProvider } from './otel-api.ts'
export { type TraceLoadsOptions, traceLoads } from './trace-loads.ts'
