/** Something the user can put right: printed on one line, without a stack. The exit code is 2 for wrong arguments, 1 for all else. */
export class Failure extends Error {
  readonly exitCode: 1 | 2

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message)
    this.name = 'Failure'
    this.exitCode = exitCode
  }
}

/** Wrong arguments. */
export function misuse(option: string, expected: string, got: string): Failure {
  return new Failure(`${option}: expected ${expected}, got ${got}`, 2)
}

/** A text in an error message: short, on one line. */
export function quote(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}…` : text
  return `'${short.replace(/\p{Cc}/gu, '·')}'`
}
