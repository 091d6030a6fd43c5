import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Whether the object is gone after a forced collection; after several, as what runs meanwhile may hold it for a turn. */
export async function isCollected(ref: WeakRef<object>): Promise<boolean> {
  for (let turn = 0; turn < 10; turn++) {
    await setImmediate()
    collect()
    if (ref.deref() === undefined) return true
  }
  return false
}
