#!/usr/bin/env node
/** Starts the program where this Node can run it, and says in one sentence where it cannot. Plain enough for Node 12. */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const required = [24, 7]
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < required[0] || (major === required[0] && minor < required[1])) {
  const here = isThere('../.git') ? ' In this checkout, `npx postern` brings the right one with it.' : ''
  process.stderr.write(
    'Postern needs Node.js ' +
      required.join('.') +
      ' or newer, and this is ' +
      process.version +
      '.' +
      here +
      '\n',
  )
  process.exitCode = 1
} else {
  // In a checkout the sources, so that nobody tries out a stale build; Node does not strip types inside node_modules.
  const fromSource =
    isThere('../src/app/cli/main.ts') && (isThere('../.git') || !isThere('../dist/command/main.js'))
  import(fromSource ? '../src/app/cli/main.ts' : '../dist/command/main.js').then((program) =>
    program.main(process.argv.slice(2)),
  )
}

function isThere(path) {
  return existsSync(fileURLToPath(new URL(path, import.meta.url)))
}
