import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, runTool } from './run.ts'
import { entriesOf, userFolder } from './tarball.ts'

/** A fresh process for each entry: it loads both ways, gives one and the same things, and lets the process end. */
export function checkLoading(folder: string): string {
  const entries = entriesOf(folder)
  for (const { name } of entries) {
    const program = `
      import { createRequire } from 'node:module'
      const required = createRequire(process.cwd() + '/')('${name}')
      const imported = await import('${name}')
      for (const [key, value] of Object.entries(imported))
        if (required[key] !== value) throw new Error('${name}: require and import give two copies of ' + key)
    `
    run(
      process.execPath,
      ['--throw-deprecation', '--input-type=module', '--eval', program],
      userFolder(folder),
    )
  }
  return `${entries.length} on Node ${process.versions.node}`
}

/** A strict TypeScript user, without types for Node, compiles the sample program and an import of each entry. */
export function checkTypes(folder: string, resolution: 'nodenext' | 'bundler'): string {
  const user = userFolder(folder)
  const imports = entriesOf(folder).map(({ name }, index) => `export * as entry${index} from '${name}'\n`)
  writeFileSync(join(user, 'entries.ts'), imports.join(''))
  copyFileSync(join(root, 'test/package/sample.ts'), join(user, 'sample.ts'))
  const options = {
    module: resolution === 'nodenext' ? 'nodenext' : 'esnext',
    moduleResolution: resolution,
    target: 'es2022',
    lib: ['es2022'],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  }
  const files = ['entries.ts', 'sample.ts']
  if (resolution === 'nodenext') {
    copyFileSync(join(user, 'sample.ts'), join(user, 'sample.cts'))
    files.push('sample.cts')
  }
  writeFileSync(join(user, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files }))
  runTool('tsc', ['--project', 'tsconfig.json'], user)
  return files.join(', ')
}
