/** The package that brings a version of Node for this machine; the commands of a project that installs it run by it. */
export function node(version: string): Record<string, string> {
  const system = process.platform === 'win32' ? 'win' : process.platform
  return { [`node-${system}-${process.arch}`]: version }
}
