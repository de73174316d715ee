/** Sees that the command given by the path of its package works with nothing beside it: no dependency, no source. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [home = '.'] = process.argv.slice(2)
const scratch = mkdtempSync(join(tmpdir(), 'postern-command-'))
const openMs = 30_000

const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
const said = await outputOf(start('--version'))
if (said.trim() !== version) throw new Error(`--version says ${said}`)

const door = start(
  'serve',
  '--port',
  '0',
  '--data',
  scratch,
  '--log-level',
  'error',
  '--upstream',
  'http://127.0.0.1:9/mcp',
)
try {
  const report = await outputOf(start('doctor', await connectorOf(door)))
  if (!report.includes('Nothing stands in Claude')) throw new Error(`the doctor says\n${report}`)
} finally {
  door.kill('SIGTERM')
  await codeOf(door)
  rmSync(scratch, { recursive: true, force: true })
}

function start(...words: string[]): ChildProcess {
  return spawn(process.execPath, [join(home, 'bin/postern.js'), ...words], {
    cwd: scratch,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function outputOf(child: ChildProcess): Promise<string> {
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text) => (output += text))
  const code = await codeOf(child)
  if (code !== 0) throw new Error(`${child.spawnargs.slice(2).join(' ')} ended with ${code}\n${output}`)
  return output
}

/** From the banner, which is the last thing that opening does. */
function connectorOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let banner = ''
    const late = setTimeout(() => reject(new Error(`it did not open\n${banner}`)), openMs)
    child.once('exit', (code) => reject(new Error(`it ended with ${code}\n${banner}`)))
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      banner += text
      const [, connector] = /Connector +(\S+)/.exec(banner) ?? []
      if (connector === undefined || !banner.includes('closes it')) return
      clearTimeout(late)
      resolve(connector)
    })
  })
}

function codeOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => child.once('close', resolve))
}
