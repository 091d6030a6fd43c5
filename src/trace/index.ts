export type { RecordOptions } from './options.ts'
export { type RecordedTrace, recordTrace, type TraceRecording } from './record.ts'
