/** The addresses under which Claude's cloud finds a server: public, IPv4, port 443 (documented by Anthropic, 2026-09). */

import { isIpLiteral, isPublicAddress } from '../../platform/url.ts'
import { type Check, couldNotRun, everyClient, passed, testedLocally, violated, warning } from '../check.ts'
import type { Examination } from '../examination.ts'
import { type HostFacts, isPrivateHost } from '../reach.ts'

const troubleshooting = 'https://claude.com/docs/connectors/building/troubleshooting'
const hostedOnly = ['hosted', 'messages-api'] as const
const unreachable = 'Couldn’t reach the MCP server'

export const addresses: readonly Check[] = [
  {
    id: 'url-not-public-https',
    title: 'The URL is not a public https address',
    stage: 'reach',
    rank: 10,
    severity: 'error',
    source: troubleshooting,
    claude: 'Refuses to add the connector: only https URLs with a public host name are taken.',
    clients: hostedOnly,
    party: 'set-up',
    fix: {
      general: 'Serve it by https under a public host name, and type that URL.',
      frameworks: {
        tunnel: 'Type the https URL that the tunnel prints, not the local one it forwards to.',
        caddy: 'Name the site by its domain; Caddy then fetches a certificate by itself.',
      },
    },
    judge: ({ isLocal, url }) => {
      if (isLocal) return testedLocally
      const { protocol, hostname } = new URL(url)
      if (protocol !== 'https:') return violated(`the URL is ${protocol.slice(0, -1)}, not https`)
      if (isIpLiteral(hostname)) return violated(`${hostname} is an address, not a name`)
      return isPrivateHost(hostname)
        ? violated(`${hostname} is a name that only a private network knows`)
        : passed
    },
  },
  {
    id: 'name-unknown',
    title: 'The host name leads nowhere',
    stage: 'reach',
    rank: 12,
    severity: 'error',
    source: troubleshooting,
    claude: 'Finds no address, and sends nothing.',
    seen: unreachable,
    clients: everyClient,
    party: 'set-up',
    fix: { general: 'Publish the name in public DNS with an A record, or correct the URL that was typed.' },
    judge: ({ isLocal, hosts }) => {
      if (isLocal) return testedLocally
      const unknown = hosts.find(({ addresses }) => addresses?.length === 0)
      return unknown === undefined
        ? passed
        : violated(`${unknown.hostname} (${unknown.roles.join(', ')}) has no address`)
    },
  },
  {
    id: 'address-not-public',
    title: 'The host name leads to an address that is not public',
    stage: 'reach',
    rank: 14,
    severity: 'error',
    source: troubleshooting,
    claude:
      'Looks the name up first, and sends nothing at all when any of its addresses is private: the server’s log stays empty.',
    seen: unreachable,
    clients: hostedOnly,
    party: 'set-up',
    fix: {
      general:
        'Let public DNS answer with public addresses only; a name that means something else inside your network needs another name outside.',
      frameworks: {
        tunnel: 'Use the tunnel’s public name; its address must not be one of the private network.',
      },
    },
    judge: (examination) =>
      judgeHosts(examination, ({ hostname, addresses = [], roles }) => {
        const other = addresses.find((address) => !isPublicAddress(address))
        if (other === undefined) return undefined
        const mixed = addresses.some(isPublicAddress) ? ', beside public ones' : ''
        return `${hostname} (${roles.join(', ')}) leads to ${other}${mixed}`
      }),
  },
  {
    id: 'no-ipv4-address',
    title: 'The host name has no IPv4 address',
    stage: 'reach',
    rank: 13,
    severity: 'error',
    source: troubleshooting,
    claude: 'Connects by IPv4 only, and finds nothing to connect to.',
    seen: unreachable,
    clients: hostedOnly,
    party: 'set-up',
    fix: { general: 'Add an A record.' },
    judge: (examination) =>
      judgeHosts(examination, ({ hostname, addresses = [], roles }) => {
        const isOnlyIpv6 = addresses.length > 0 && addresses.every((address) => address.includes(':'))
        return isOnlyIpv6 ? `${hostname} (${roles.join(', ')}) has only ${addresses.join(', ')}` : undefined
      }),
  },
  {
    id: 'port-not-443',
    title: 'The URL names a port other than 443',
    stage: 'reach',
    rank: 60,
    severity: 'warning',
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/85',
    claude:
      'May wait half a minute and give up: staff named 443 as the only port (2026-03), later any port (2026-05).',
    seen: unreachable,
    clients: hostedOnly,
    party: 'set-up',
    fix: { general: 'Serve it on port 443.' },
    judge: ({ isLocal, hosts }) => {
      if (isLocal) return testedLocally
      const other = hosts.find(({ isHttps, port }) => isHttps && port !== 443)
      return other === undefined
        ? passed
        : warning(`${other.hostname} is to be reached on port ${other.port}`)
    },
  },
]

function judgeHosts(
  { isLocal, hosts }: Examination,
  faultOf: (host: HostFacts) => string | undefined,
): ReturnType<Check['judge']> {
  if (isLocal) return testedLocally
  const known = hosts.filter(({ addresses }) => addresses !== undefined && addresses.length > 0)
  if (known.length === 0) return couldNotRun('no name could be looked up')
  const fault = known.map(faultOf).find((found) => found !== undefined)
  return fault === undefined ? passed : violated(fault)
}
