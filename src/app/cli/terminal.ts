/** What the program says to a person: two streams, styled only where the style is seen, no line wider than the window. */

import { styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

export interface Writer {
  write(text: string): void
  line(text?: string): void
  /** Wraps at the window; further lines begin under the first. A word is never broken: it may be a URL. */
  paragraph(text: string, indent?: string): void
  style(style: Style, text: string): string
  readonly columns: number
  readonly isTerminal: boolean
}

export interface Terminal {
  /** Results: what a pipe or a file is for. */
  readonly out: Writer
  /** Problems, questions and logs. */
  readonly err: Writer
  /** A person is there to answer. */
  readonly canAsk: boolean
}

export function createTerminal(): Terminal {
  return {
    out: createWriter(process.stdout),
    err: createWriter(process.stderr),
    canAsk: process.stdin.isTTY === true && process.stderr.isTTY === true,
  }
}

/** Rows under their headings, as wide as their cells; the heading is dim where that is seen. */
export function formatTable(
  writer: Writer,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => visibleLength(row[column] ?? ''))),
  )
  const lineOf = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - visibleLength(cell))))
      .join('  ')
      .trimEnd()
  return [writer.style('dim', lineOf(headings)), ...rows.map(lineOf)].join('\n')
}

/** Text of others (names, what a program printed) must not move the cursor or colour the window. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}

/** Wide windows are not read to their end. */
const widestLine = 100
const assumedColumns = 80

function createWriter(stream: NodeJS.WriteStream): Writer {
  const columns = Math.min(stream.columns ?? assumedColumns, widestLine)
  return {
    columns,
    isTerminal: stream.isTTY === true,
    write: (text) => void stream.write(text),
    line: (text = '') => void stream.write(`${text}\n`),
    paragraph: (text, indent = '') => void stream.write(`${wrap(text, columns, indent)}\n`),
    // Knows NO_COLOR, FORCE_COLOR and whether the stream is a terminal.
    style: (style, text) => styleText(style, text, { stream }),
  }
}

function wrap(text: string, columns: number, indent: string): string {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(' ')) {
    const isFull = line.length > indent.length && visibleLength(line) + visibleLength(word) > columns - 1
    if (isFull) {
      lines.push(line.trimEnd())
      line = indent
    }
    line += `${word} `
  }
  return [...lines, line.trimEnd()].join('\n')
}

function visibleLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is left out
  return text.replaceAll(/\u001b\[[0-9;]*m/g, '').length
}
