/** The person's own browser: opened at the authorization URL, answered by the listener on this machine. */

import { spawn } from 'node:child_process'
import { platform } from 'node:os'
import { parseUrl } from '../platform/url.ts'
import { type Browser, withPatience } from './browser.ts'
import { ConnectFailure } from './connect-failure.ts'

export interface SystemBrowserOptions {
  /** Tells the person where to go, in case no browser comes up. */
  announce(url: string): void
  /** How long a person may take to sign in and consent. */
  patienceSeconds: number
}

export function createSystemBrowser(options: SystemBrowserOptions): Browser {
  return {
    name: 'system',
    catchesForeignRedirects: false,
    async visit({ authorizationUrl, callback, signal }) {
      if (callback === undefined) {
        throw new ConnectFailure(
          'usage',
          'the answer does not come to this machine; use --browser fetch or headless',
        )
      }
      options.announce(authorizationUrl)
      openInSystemBrowser(authorizationUrl)
      const seconds = options.patienceSeconds
      return withPatience(callback.received, {
        seconds,
        says: `nobody signed in within ${seconds} seconds`,
        signal,
      })
    },
  }
}

/** No shell on any system: the URL is the server's own text, and reaches the opener as one argument. */
export function openInSystemBrowser(url: string): void {
  const parsed = parseUrl(url)
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new ConnectFailure('sign-in', `${JSON.stringify(url.slice(0, 200))} is no web address`)
  }
  const [command, ...fixed] = openerOf(platform())
  const child = spawn(command, [...fixed, parsed.href], { stdio: 'ignore', detached: true, shell: false })
  // Without an opener the person still has the address that was announced.
  child.on('error', () => undefined)
  child.unref()
}

export function openerOf(system: string): [string, ...string[]] {
  if (system === 'darwin') return ['open']
  if (system === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler']
  return ['xdg-open']
}
