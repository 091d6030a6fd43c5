/** Makers of values of a kind, each with content of its own. */
export const kinds: Readonly<Record<string, (i: number) => unknown>> = {
  'small integer': (i) => i,
  'number with a fraction': (i) => i + 0.5,
  'string of 20 characters': (i) => flat(`user ${i}`.padEnd(20, 'x')),
  'string of 1,000 characters beyond Latin-1': (i) => flat(`→${i}`.padEnd(1000, 'ß')),
  'bigint of 100 bits': (i) => BigInt(i) * 2n ** 100n,
  symbol: (i) => Symbol(`symbol ${i}`.padEnd(20, 'x')),
  'empty object': () => ({}),
  'object of 4 properties': (i) => ({
    id: i,
    name: flat(`name ${i}`.padEnd(20, 'x')),
    isOk: true,
    age: i % 90,
  }),
  'object of 12 properties': (i) => ({
    a: i,
    b: i,
    c: i,
    d: i,
    e: i,
    f: i,
    g: i,
    h: i,
    j: i,
    k: i,
    l: i,
    m: i,
  }),
  'object without a prototype': (i) => Object.assign(Object.create(null), { id: i, b: 1, c: 2, d: 3 }),
  'object keyed by 100 ids': (i) => keyed(100, (j) => flat(`id-${i * 100 + j}`.padEnd(12, 'k'))),
  'object keyed by 100 numbers': (i) => keyed(100, (j) => i * 1_000_003 + j * 977),
  'object with symbol keys': (i) => ({ [ONE]: i, [TWO]: i, [THREE]: flat(`text ${i}`.padEnd(20, 'x')) }),
  'frozen object': (i) => Object.freeze({ id: i, name: flat(`name ${i}`.padEnd(20, 'x')) }),
  'instance of a class': (i) => new Product(i),
  'parsed JSON': (i) =>
    JSON.parse(
      `{"id":${i},"name":"product ${i}","tags":["tag a ${i}","tag b ${i}"],"price":{"amount":${i}.5},"sizes":[1,2,3]}`,
    ),
  'array of 10 integers': (i) => Array.from({ length: 10 }, (_, j) => i + j),
  'array of 100 fractions': (i) => Array.from({ length: 100 }, (_, j) => i + j + 0.5),
  'array of 100 strings': (i) =>
    Array.from({ length: 100 }, (_, j) => flat(`text ${i * 100 + j}`.padEnd(12, 'x'))),
  'array with holes, of one element': (i) => {
    const array: number[] = []
    array[100_000 + i] = 1
    return array
  },
  'rows of a query': (i) =>
    Array.from({ length: 20 }, (_, j) => ({
      id: i * 20 + j,
      email: flat(`user${i * 20 + j}@shop.example`.padEnd(30, 'x')),
      created: new Date(1.7e12 + j),
      score: j + 0.5,
    })),
  'empty Map': () => new Map(),
  'Map of 100 entries': (i) =>
    new Map(Array.from({ length: 100 }, (_, j) => [flat(`key ${i * 100 + j}`.padEnd(12, 'x')), j])),
  'Set of 100 integers': (i) => new Set(Array.from({ length: 100 }, (_, j) => i + j)),
  Date: (i) => new Date(1.7e12 + i),
  RegExp: (i) => new RegExp(`x${i}`),
  Error: (i) => new Error(`message ${i}`),
  'Error, ten calls deep': (i) => deep(10, i),
  'Error with a cause': (i) => new Error(`message ${i}`, { cause: new TypeError(`cause ${i}`) }),
  function: (i) => () => i,
  URL: (i) => new URL(`https://shop.example/path/${i}?query=${i}`),
  'typed array of 1,000 bytes': () => new Uint8Array(1000),
  'typed array of 16 bytes': () => new Uint8Array(16),
  '100 bytes of a buffer of 64 kB': () => new Uint8Array(65_536).subarray(0, 100),
  'Buffer of 100 bytes': () => Buffer.from('x'.repeat(100)),
  'Buffer of 5,000 bytes': () => Buffer.alloc(5000),
  'ArrayBuffer of 1,000 bytes': () => new ArrayBuffer(1000),
  'DataView of 100 bytes': () => new DataView(new ArrayBuffer(100)),
}

const ONE = Symbol('one')
const TWO = Symbol('two')
const THREE = Symbol('three')

class Product {
  readonly id: number
  readonly price: number
  readonly name: string

  constructor(i: number) {
    this.id = i
    this.price = i + 0.5
    this.name = flat(`name ${i}`.padEnd(15, 'x'))
  }
}

function deep(calls: number, i: number): Error {
  return calls === 0 ? new Error(`message ${i}`) : deep(calls - 1, i)
}

function keyed(count: number, key: (j: number) => string | number): object {
  const object: Record<string | number, number> = {}
  for (let j = 0; j < count; j++) object[key(j)] = j
  return object
}

/** The text as one piece of memory, as if it had been read from somewhere. */
function flat(text: string): string {
  return Buffer.from(text).toString()
}
