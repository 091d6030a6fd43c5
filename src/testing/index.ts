export { type ManualClock, manualClock } from './clock.ts'
export { type ContractCase, contractCases } from './contract.ts'
export type { ContractCache, ContractOptions } from './subject.ts'
