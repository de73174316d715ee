/**
 * What is found in one turn of the event loop is written one after another at its end. A write wakes whoever waits for
 * it, which on a virtual machine costs more than all our work on a call; the second finds them awake.
 */

const waiting: (() => void)[] = []

/** `write` must not throw. */
export function atEndOfTurn(write: () => void): void {
  if (waiting.push(write) === 1) setImmediate(writeWaiting)
}

function writeWaiting(): void {
  for (const write of waiting.splice(0)) write()
}
