/** Looks at every host that Claude's cloud has to reach: its addresses and its certificate (documented by Anthropic, 2026-09). */

import type { HandshakeFacts, Network } from '../client/network.ts'
import { isPrivateAtSight } from '../client/private-hosts.ts'
import { isIpLiteral, isLocalhostName, isLoopbackHost, parseUrl } from '../platform/url.ts'

/** What is known of one host that Claude has to reach. */
export interface HostFacts {
  hostname: string
  port: number
  isHttps: boolean
  /** What is there: the MCP server, its metadata, or the authorization server. */
  roles: readonly string[]
  /** Undefined when the name was not asked, because it is an address or on this machine. */
  addresses: readonly string[] | undefined
  handshake: HandshakeFacts | undefined
}

export interface HostRole {
  url: string | undefined
  role: string
}

/** The first is what was typed. Never rejects; what could not be found out is missing. */
export function lookAtHosts(
  named: readonly HostRole[],
  network: Network,
  deadlineSeconds: number,
): Promise<HostFacts[]> {
  return Promise.all([...hostsOf(named)].map((host) => lookAtHost(host, network, deadlineSeconds)))
}

/** A name or address that means something only on one machine or in one network. */
export function isPrivateHost(hostname: string): boolean {
  if (isPrivateAtSight(hostname)) return true
  return (
    !isIpLiteral(hostname) &&
    /\.(?:local|localhost|internal|intranet|lan|home\.arpa)\.?$|^[^.]+$/i.test(hostname)
  )
}

type NamedHost = Pick<HostFacts, 'hostname' | 'port' | 'isHttps' | 'roles'>

function hostsOf(named: readonly HostRole[]): NamedHost[] {
  const hosts = new Map<string, NamedHost & { roles: string[] }>()
  const isAtHome = isPrivateHost(parseUrl(named[0]?.url ?? '')?.hostname ?? '')
  for (const { url: text, role } of named) {
    const url = parseUrl(text ?? '')
    if (url === undefined || !/^https?:$/.test(url.protocol)) continue
    // That a public server names what only it can reach is a fault of its metadata, and told there.
    if (isPrivateHost(url.hostname) && !isAtHome) continue
    const isHttps = url.protocol === 'https:'
    const port = url.port === '' ? (isHttps ? 443 : 80) : Number(url.port)
    const known = hosts.get(url.origin)
    if (known === undefined) hosts.set(url.origin, { hostname: url.hostname, port, isHttps, roles: [role] })
    else if (!known.roles.includes(role)) known.roles.push(role)
  }
  return [...hosts.values()]
}

async function lookAtHost(host: NamedHost, network: Network, seconds: number): Promise<HostFacts> {
  const { hostname } = host
  const isOwnMachine = isLoopbackHost(hostname) || isLocalhostName(hostname)
  const [addresses, handshake] = await Promise.all([
    isIpLiteral(hostname) || isOwnMachine
      ? undefined
      : network.addresses(hostname, seconds).catch(() => undefined),
    host.isHttps && !isOwnMachine
      ? network.handshake(hostname, host.port, seconds).catch(() => undefined)
      : undefined,
  ])
  return { ...host, addresses, handshake }
}
