export { inScope, openScope, type Scope, withScope } from './scope.ts'
export { type ScopedCache, type ScopedOptions, scoped } from './scoped.ts'
