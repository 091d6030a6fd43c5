const ROWS = 4
const MOST = 15
/** Counters of a block; a key's are all in one. */
const BLOCK = 128
const COUNTERS_PER_ENTRY = 16
/** After as many counts as this multiple of the capacity all are halved. */
const PERIOD = 10

/** Estimates how often keys were used of late, with four counters up to 15 for each key, which other keys share. (TinyLFU, Einziger et al. 2017) */
export class FrequencySketch {
  private readonly counters: Uint8Array
  private readonly places = new Int32Array(ROWS)
  private readonly lastBlock: number
  private readonly period: number
  private counted = 0

  constructor(capacity: number) {
    const entries = 2 ** Math.ceil(Math.log2(Math.max(BLOCK / COUNTERS_PER_ENTRY, capacity)))
    this.counters = new Uint8Array(entries * COUNTERS_PER_ENTRY)
    this.lastBlock = this.counters.length / BLOCK - 1
    this.period = PERIOD * capacity
  }

  frequency(key: number): number {
    this.find(key)
    let frequency = MOST
    for (const place of this.places) frequency = Math.min(frequency, this.counters[place]!)
    return frequency
  }

  count(key: number): void {
    this.find(key)
    let isCounted = false
    for (const place of this.places)
      if (this.counters[place]! < MOST) {
        this.counters[place]!++
        isCounted = true
      }
    if (isCounted && ++this.counted === this.period) this.age()
  }

  private age(): void {
    let odd = 0
    for (let place = 0; place < this.counters.length; place++) {
      odd += this.counters[place]! & 1
      this.counters[place]! >>= 1
    }
    this.counted = (this.counted - (odd >> 2)) >> 1
  }

  /** Finds the key's counters: a block by one hash, and in each quarter of the block one by a byte of another. */
  private find(key: number): void {
    const blockHash = spread(key)
    const counterHash = rehash(blockHash)
    const block = (blockHash & this.lastBlock) * BLOCK
    for (let row = 0; row < ROWS; row++) {
      const byte = counterHash >>> (8 * row)
      this.places[row] = block + (2 * row + (byte & 1)) * 16 + ((byte >>> 1) & 15)
    }
  }
}

/** The hashes of Caffeine. */
function spread(bits: number): number {
  let x = bits ^ (bits >>> 17)
  x = Math.imul(x, 0xed5ad4bb)
  x ^= x >>> 11
  x = Math.imul(x, 0xac4c1b51)
  return x ^ (x >>> 15)
}

function rehash(bits: number): number {
  const x = Math.imul(bits, 0x31848bab)
  return x ^ (x >>> 14)
}
