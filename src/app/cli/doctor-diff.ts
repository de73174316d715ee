/** `postern doctor diff`: what changed between two reports of `postern doctor --json`. */

import { Command } from 'commander'
import { compareReports } from '../../doctor/comparison.ts'
import { formatComparison } from '../../doctor/reports/terminal-table.ts'
import { inkOf, readReports } from './doctor-forms.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { examples } from './management.ts'
import type { Terminal } from './terminal.ts'

export function doctorDiffCommand(terminal: Terminal): Command {
  return new Command('diff')
    .summary('what changed between two reports of --json')
    .description(
      'Compares two reports of postern doctor --json: what is new, what was mended, what is still there, and what the ' +
        'second run could not judge.',
    )
    .argument('<before>', 'the earlier report')
    .argument('<after>', 'the later one')
    .option('--json', 'print JSON instead of text')
    .addHelpText(
      'after',
      `\nExit codes: 0 nothing is new, 1 something is, 2 wrong usage.\n${examples([
        ['postern doctor diff before.json after.json', 'after a change'],
      ])}`,
    )
    .action((before: string, after: string, _: unknown, command: Command) => {
      // `doctor` has a --json of its own, which takes the word wherever it stands.
      const flags = command.optsWithGlobals<{ json?: boolean }>()
      const comparisons = compareReports(readReports(before), readReports(after))
      if (comparisons.length === 0)
        throw new CommandFailure('the two reports have no client in common', exitCodes.usage)
      terminal.out.write(
        flags.json === true
          ? `${JSON.stringify(comparisons, null, 2)}\n`
          : comparisons.map((one) => formatComparison(one, inkOf(terminal.out))).join('\n'),
      )
      const isWorse = comparisons.some(({ appeared }) => appeared.length > 0)
      process.exitCode = isWorse ? exitCodes.failed : exitCodes.done
    })
}
