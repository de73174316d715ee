/** How a command ends badly: one sentence for a person, an exit code for a script, and a stack for nobody who did not ask. */

import { CommanderError } from 'commander'
import { randomId } from '../../platform/crypto.ts'
import { OptionsError } from '../options.ts'
import type { Writer } from './terminal.ts'

/** Documented in docs/reference/commands.md. `connect` adds codes of its own. */
export const exitCodes = { done: 0, failed: 1, usage: 2 } as const

/** The sentence says what happened and what to do; it is all that is shown. */
export class CommandFailure extends Error {
  readonly exitCode: number

  constructor(sentence: string, exitCode: number = exitCodes.failed, options?: ErrorOptions) {
    super(sentence, options)
    this.name = 'CommandFailure'
    this.exitCode = exitCode
  }
}

/** Tells it, and gives the exit code. */
export function reportFailure(error: unknown, writer: Writer, showStack: boolean): number {
  if (error instanceof CommanderError) return codeOfCommander(error)
  if (error instanceof OptionsError) {
    reportProblems(error, writer)
    return exitCodes.usage
  }
  const isExpected = error instanceof Error && namesWithSentence.has(error.name)
  const label = writer.style('red', 'Error:')
  if (isExpected) writer.paragraph(`${label} ${asSentence(error.message)}`)
  else {
    const says = error instanceof Error ? error.message : String(error)
    writer.paragraph(`${label} something unexpected went wrong (${randomId()}): ${asSentence(says)}`)
    if (!showStack) writer.paragraph('POSTERN_LOG_LEVEL=debug shows where. Please report it.')
  }
  if (showStack && error instanceof Error) writer.line(error.stack)
  return error instanceof CommandFailure ? error.exitCode : exitCodes.failed
}

/** Their messages are written for the operator. By name, so that a command on records does not load the HTTP server. */
const namesWithSentence: ReadonlySet<string> = new Set(['CommandFailure', 'StorageError', 'ListenError'])

/** It has written its message already. A command that needs a subcommand and got none has shown its help, which is what was asked for. */
function codeOfCommander(error: CommanderError): number {
  return error.exitCode === 0 || error.code === 'commander.help' ? exitCodes.done : exitCodes.usage
}

function reportProblems({ problems }: OptionsError, writer: Writer): void {
  const count = problems.length === 1 ? 'is one problem' : `are ${problems.length} problems`
  writer.line(`${writer.style('red', 'Error:')} there ${count} with the options.`)
  writer.line()
  for (const { at, says } of problems) {
    writer.line(`  ${writer.style('bold', at)}`)
    writer.paragraph(asSentence(says), '      ')
  }
  writer.line()
  writer.paragraph('`postern serve --help` explains each option.')
}

function asSentence(text: string): string {
  return /[.!?…)]$/.test(text) ? text : `${text}.`
}
