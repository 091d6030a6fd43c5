/** Counts the hits of a policy on keys alone, which are numbers below `unique`. A key that is not held is inserted. */
export type Simulator = (keys: Uint32Array, unique: number, capacity: number) => number
