import DataLoader from 'dataloader'
import { cacheMap } from 'nearcache/dataloader'
import type { HostCase } from '../bench.ts'

const load = async (ids: readonly number[]): Promise<readonly number[]> => ids

const cases: HostCase[] = [
  {
    name: 'DataLoader load',
    own: 'its Map',
    async setUp() {
      const map = cacheMap<number, number>()
      const near = new DataLoader(load, { cacheMap: map })
      const own = new DataLoader(load)
      await near.load(42)
      await own.load(42)
      return {
        withNearcache: () => near.load(42),
        withOwn: () => own.load(42),
        alone: () => map.get(42),
      }
    },
  },
]

export default cases
