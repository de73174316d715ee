/** Names and certificates as this machine sees them: asked of its DNS servers, judged by the authorities that Node ships. */

import { lookup, Resolver } from 'node:dns/promises'
import { connect, type TLSSocket } from 'node:tls'
import { createPublicLookup } from '../platform/outbound-dialer-node.ts'
import { isIpLiteral } from '../platform/url.ts'
import type { HandshakeFacts, HandshakeFailure, Network } from './network.ts'
import { isPrivateAtSight, type MayBePrivate } from './private-hosts.ts'

export interface SystemNetworkOptions {
  /** Trusted instead of the public authorities, in PEM. */
  authorities?: readonly string[] | undefined
  /** Other hosts are dialled at public addresses only. */
  mayBePrivate: MayBePrivate
}

export function createSystemNetwork(options: SystemNetworkOptions): Network {
  return {
    addresses: resolveBoth,
    handshake: (hostname, port, seconds) => shakeHands(hostname, port, seconds, options),
  }
}

async function resolveBoth(hostname: string, seconds: number): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: seconds * 1000, tries: 1 })
  const asked = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
  const found = asked.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  const couldAsk = asked.some((answer) => answer.status === 'fulfilled' || isNothing(answer.reason))
  if (found.length > 0 || couldAsk) return found
  // Without a DNS server that answers, what the machine itself goes by is better than nothing.
  return (await lookup(hostname, { all: true })).map(({ address }) => address)
}

/** The server answered: there is no such name, or no address of this kind. */
function isNothing(reason: unknown): boolean {
  const code = (reason as NodeJS.ErrnoException | undefined)?.code
  return code === 'ENOTFOUND' || code === 'ENODATA'
}

function shakeHands(
  hostname: string,
  port: number,
  seconds: number,
  { authorities, mayBePrivate }: SystemNetworkOptions,
): Promise<HandshakeFacts> {
  const { promise, resolve } = Promise.withResolvers<HandshakeFacts>()
  const host = hostname.replace(/^\[|\]$/g, '')
  const isBound = !mayBePrivate(hostname)
  if (isBound && isPrivateAtSight(host)) {
    return Promise.resolve({ trusted: false, reason: 'other', says: `${host} is not a public address` })
  }
  const socket = connect({
    host,
    port,
    ALPNProtocols: ['http/1.1'],
    ...(isIpLiteral(host) ? {} : { servername: host }),
    ...(isBound ? { lookup: createPublicLookup() } : {}),
    ...(authorities === undefined ? {} : { ca: [...authorities] }),
  })
  const timer = setTimeout(() => {
    settle({ trusted: false, reason: 'no-answer', says: `no handshake within ${seconds} seconds` })
  }, seconds * 1000)
  socket.once('secureConnect', () => settle({ trusted: true, validUntilAt: validUntil(socket) }))
  socket.once('error', (error: NodeJS.ErrnoException) => {
    settle({ trusted: false, reason: reasons[error.code ?? ''] ?? 'other', says: error.message })
  })
  return promise

  function settle(facts: HandshakeFacts): void {
    clearTimeout(timer)
    socket.destroy()
    resolve(facts)
  }
}

function validUntil(socket: TLSSocket): number | undefined {
  const ends = Date.parse(socket.getPeerCertificate().valid_to)
  return Number.isNaN(ends) ? undefined : Math.floor(ends / 1000)
}

/** By the codes of Node and OpenSSL (X509_V_ERR_*). */
const reasons: Readonly<Record<string, HandshakeFailure>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'incomplete-chain',
  UNABLE_TO_GET_ISSUER_CERT: 'incomplete-chain',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown-authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'unknown-authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknown-authority',
  CERT_HAS_EXPIRED: 'expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'wrong-name',
  ECONNRESET: 'reset',
  EPROTO: 'reset',
  ECONNREFUSED: 'no-answer',
  ETIMEDOUT: 'no-answer',
  EHOSTUNREACH: 'no-answer',
  ENOTFOUND: 'no-answer',
}
