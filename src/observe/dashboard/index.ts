export { type DashboardHandler, dashboard } from './handler.ts'
export type { DashboardAction, DashboardOptions, DoneAction, Visitor } from './options.ts'
export { localOnly } from './requests.ts'
