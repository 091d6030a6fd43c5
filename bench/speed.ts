import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { installNode, installPeers, nodeVersions } from './install.ts'

const usage = `npm run bench [-- options]

  --quick          fewer sizes, peers' slow parts and rounds: less than a minute
  --node <major>   run on this Node, installed from npm into .cache/: ${Object.keys(nodeVersions).join(', ')}, or all
  --only <part>    speed, async, latency, fill, memory or long; may be repeated
  --op, --size, --keys, --peer <name>
                   only these in the part speed; each may be repeated. Nothing is written then.
  --rounds <n>     how often each is measured
`

const { values: options } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    node: { type: 'string' },
    only: { type: 'string', multiple: true },
    op: { type: 'string', multiple: true },
    size: { type: 'string', multiple: true },
    keys: { type: 'string', multiple: true },
    peer: { type: 'string', multiple: true },
    rounds: { type: 'string' },
  },
})

if (options.help) console.log(usage)
else {
  installPeers()
  if (options.node === undefined) await (await import('./run.ts')).run(options)
  else for (const major of options.node === 'all' ? Object.keys(nodeVersions) : [options.node]) runOn(major)
}

/** This same benchmark, in a process of another Node. */
function runOn(major: string): void {
  const args = process.argv.slice(2).filter((arg, i, all) => {
    return arg !== '--node' && all[i - 1] !== '--node' && !arg.startsWith('--node=')
  })
  const flags = ['--expose-gc', '--max-old-space-size=8192', '--import', 'tsx']
  const { status } = spawnSync(installNode(major), [...flags, fileURLToPath(import.meta.url), ...args], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exitCode = status ?? 1
}
