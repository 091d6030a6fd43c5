import { openScope, type Scope } from './scope.ts'

/** What the frameworks on Node give of a request. */
export interface NodeRequest {
  emit(...args: never[]): boolean
}

/** What the frameworks on Node give of a response. */
export interface NodeResponse extends NodeRequest {
  on(event: 'close', listener: () => void): unknown
}

/** A scope that lasts until the response was sent to its end, or the connection was lost. Listeners of both run in it. */
export function scopeOf(request: NodeRequest, response: NodeResponse): Scope {
  const scope = openScope()
  keepIn(scope, request, 'emit')
  keepIn(scope, response, 'emit')
  response.on('close', () => scope.end())
  return scope
}

/** Makes a method run in the scope, whoever calls it: events of a connection would otherwise run in the scope of nothing. */
export function keepIn<Name extends string>(
  scope: Scope,
  target: { [name in Name]: (...args: never[]) => unknown },
  name: Name,
): void {
  const method = target[name]
  target[name] = function (this: unknown, ...args: never[]) {
    return scope.run(() => method.apply(this, args))
  }
}
