/** The levels of log messages, in their order (RFC 5424 §6.2.1; MCP, logging). */

const levels: readonly string[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
]

/** False where nothing was asked for. */
export function isAtLeast(level: unknown, asked: unknown): boolean {
  const threshold = levels.indexOf(String(asked))
  return threshold !== -1 && levels.indexOf(String(level)) >= threshold
}

/** A level that nobody knows stays what it is: the server says what it thinks of it. */
export function moreTalkative(asked: string, current: string | undefined): string {
  if (current === undefined) return asked
  return levels.indexOf(asked) < levels.indexOf(current) ? asked : current
}

export function isLogLevel(level: unknown): level is string {
  return levels.includes(level as string)
}
