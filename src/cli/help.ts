export const HELP: string = `Usage: nearcache <command>

Commands:
  simulate <trace>   how many reads of a recorded trace a cache of this or that size would answer

Options:
  --help             what a command does: nearcache simulate --help
  --version
`

export const SIMULATE_HELP: string = `Usage: nearcache simulate <trace> [options]

Replays a recorded trace through caches of several sizes, beside exact LRU and the optimum (a cache that knows the future), and
recommends the knee: the smallest size from which on a doubling brings less than one point.

<trace> is a file, or - for standard input: a line per read, with the key and, after tabs, if known the time in milliseconds and
the weight; or numbers of four bytes, if its name ends in .u32. Compressed with gzip, or brotli if its name ends in .br.

Options:
  --sizes <list>     sizes in entries (or weight, if the trace has weights) or in percent of all, such as 100,500,1%
                     default: 1, 2, 5, 10, … from a thousandth of all to all
  --policy <name>    adaptive or lru: recommend for this one; default: the better
  --now <size>       the present bound, for comparison
  --ttl <time>       how long entries live, such as 5m (needs times in the trace); default: for ever
  --json             print JSON instead of the table
  --chart <file>     draw the hit ratio over the size, as SVG
  --format <name>    text or u32, with .gz or .br if compressed, whatever the file's name says
  --quiet            no progress on standard error
  --help

Exit code: 0, 1 if the trace cannot be read, 2 if the arguments are wrong.

Examples:
  nearcache simulate reads.txt
  nearcache simulate reads.txt.gz --sizes 1000,2000,4000 --chart hit-ratio.svg
  nearcache simulate web12.trace.u32.br --policy lru --json
  awk '{print $7}' access.log | nearcache simulate -
`
