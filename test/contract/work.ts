import { Queue } from '../../src/core/queue.ts'

type Method = (this: unknown, ...args: unknown[]) => unknown

const mapIterator: object = Object.getPrototypeOf(new Map().entries())

/** The methods through which the cache walks or changes what grows with its entries; a walk counts as many steps as it is long. */
const counted: readonly (readonly [prototype: object, names: readonly string[], walks: boolean])[] = [
  [Map.prototype, ['get', 'set', 'has', 'delete'], false],
  [mapIterator, ['next'], false],
  [Queue.prototype, ['push', 'remove', 'renew'], false],
  [Array.prototype, ['map', 'forEach', 'filter', 'fill', 'slice', 'concat', 'splice'], true],
]

/** How many steps an action takes in maps, queues and arrays. Time depends on the machine; this does not. */
export function countWork(action: () => void): number {
  let steps = 0
  const restore: (() => void)[] = []
  for (const [prototype, names, walks] of counted) {
    const methods = prototype as Record<string, Method>
    for (const name of names) {
      const original = methods[name]!
      methods[name] = function (...args) {
        steps += walks ? (this as unknown[]).length : 1
        return original.apply(this, args)
      }
      restore.push(() => {
        methods[name] = original
      })
    }
  }
  try {
    action()
  } finally {
    for (const undo of restore) undo()
  }
  return steps
}
