export { type ManualClock, manualClock } from '../../src/testing/clock.ts'
