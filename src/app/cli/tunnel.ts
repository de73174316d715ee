/** A quick tunnel by an installed cloudflared: an https URL that anybody can reach, for as long as this runs. */

import { type ChildProcess, spawn } from 'node:child_process'
import { CommandFailure } from './failure.ts'
import { printable } from './terminal.ts'

export interface Tunnel {
  /** An origin. */
  readonly url: string
  readonly pid: number | undefined
  /** Settles, with how it ended, when cloudflared ends without having been stopped. */
  readonly lost: Promise<string>
  stop(): Promise<void>
}

/** cloudflared asks its service for a name, which takes a few seconds. */
const urlDeadlineMs = 30_000
const stopGraceMs = 3_000
const keptOutputCharacters = 4_000

/** `target` is where we listen. */
export async function startTunnel(
  target: string,
  environment: NodeJS.ProcessEnv,
  deadlineMs: number = urlDeadlineMs,
): Promise<Tunnel> {
  const child = spawn('cloudflared', ['tunnel', '--no-autoupdate', '--url', target], {
    // Our own secrets are none of its business.
    env: Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('POSTERN_'))),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A terminal's Ctrl+C reaches the whole group; we stop it ourselves, after the last answer.
    detached: true,
  })
  const stopAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', stopAtExit)
  const ended = endOf(child)
  void ended.then(() => process.off('exit', stopAtExit))
  let isStopping = false
  async function stop(): Promise<void> {
    isStopping = true
    child.kill('SIGTERM')
    const force = setTimeout(() => child.kill('SIGKILL'), stopGraceMs)
    await ended
    clearTimeout(force)
  }
  try {
    const url = await readUrl(child, ended, deadlineMs)
    const lost = Promise.withResolvers<string>()
    void ended.then((how) => {
      if (!isStopping) lost.resolve(how)
    })
    return { url, pid: child.pid, lost: lost.promise, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    child.once('close', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
  })
}

function readUrl(child: ChildProcess, ended: Promise<string>, deadlineMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const timer = setTimeout(() => {
      const says = `cloudflared named no URL in ${deadlineMs / 1000} s`
      reject(new CommandFailure(`${says}; it printed: ${lastWords(output)}`))
    }, deadlineMs)
    const listen = (chunk: string): void => {
      output = (output + chunk).slice(-keptOutputCharacters)
      const url = findTunnelUrl(output)
      if (url === undefined) return
      clearTimeout(timer)
      resolve(url)
    }
    // Both streams stay open and read, or cloudflared would block on a full pipe.
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', listen)
    void ended.then((how) => {
      clearTimeout(timer)
      reject(new CommandFailure(endFault(how, output)))
    })
  })
}

/** The one in the box that it draws. Elsewhere it prints addresses of its service, of terms and of manuals, which are nobody's tunnel. */
export function findTunnelUrl(output: string): string | undefined {
  return /\|\s+(https:\/\/[^\s|/]+)\/?\s+\|/.exec(output)?.[1]
}

function endFault(how: string, output: string): string {
  if (how === 'ENOENT') {
    return (
      'cloudflared is not installed, or not on PATH; get it from ' +
      'https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/downloads/, or use a proxy of your own with --public-url'
    )
  }
  if (how === 'EACCES') return 'cloudflared is on PATH, but this user may not run it'
  const hint = /config\.ya?ml/.test(output)
    ? '. A quick tunnel does not work beside a config.yml in ~/.cloudflared: move it away, or use your own tunnel with --public-url'
    : ''
  return `cloudflared ended (${how}) before it named a URL; it printed: ${lastWords(output)}${hint}`
}

/** What it said last, without the time and level in front of each line. */
function lastWords(output: string): string {
  const lines = output.split('\n').map((line) => printable(line).trim())
  const last = lines.filter((line) => line !== '').slice(-3)
  return last.length === 0 ? 'nothing' : last.join(' / ').slice(-600)
}
