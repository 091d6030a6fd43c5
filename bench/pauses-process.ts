import { measure } from './pauses-cases.ts'

/** Prints the longest turn of the case and side on the command line. */
const [name, side] = process.argv.slice(2)
console.log(await measure(name!, side as 'run' | 'map'))
process.exit()
