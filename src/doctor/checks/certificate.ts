/** The certificate as a program on a server sees it: publicly trusted, whole chain, in date, for this name (RFC 5280 §6, RFC 9110 §4.3.4). */

import type { HandshakeFailure } from '../../client/network.ts'
import { type Check, couldNotRun, passed, testedLocally, violated } from '../check.ts'

const shared = {
  stage: 'reach',
  severity: 'error',
  source: 'https://github.com/anthropics/claude-ai-mcp/issues/214',
  seen: 'Couldn’t reach the MCP server',
  clients: ['hosted', 'messages-api', 'code'],
  party: 'edge',
} as const

const certificates: readonly (Pick<Check, 'id' | 'title' | 'claude' | 'fix'> & {
  reason: HandshakeFailure
})[] = [
  {
    id: 'certificate-chain-incomplete',
    reason: 'incomplete-chain',
    title: 'The server sends its certificate without the intermediate ones',
    claude:
      'Breaks off the handshake: unlike a browser it does not fetch what is missing, so that only browsers work.',
    fix: {
      general: 'Send the full chain: the server’s certificate and every intermediate one.',
      frameworks: {
        nginx: '`ssl_certificate` must name fullchain.pem, not cert.pem.',
        apache: '`SSLCertificateFile` must name fullchain.pem, not cert.pem.',
      },
    },
  },
  {
    id: 'certificate-not-trusted',
    reason: 'unknown-authority',
    title: 'The certificate is from an authority that nobody else trusts',
    claude:
      'Breaks off the handshake; a private or self-signed certificate is trusted only where it was installed.',
    fix: {
      general: 'Use a certificate of a public authority, for example Let’s Encrypt.',
      frameworks: { caddy: 'Remove `tls internal`.' },
    },
  },
  {
    id: 'certificate-expired',
    reason: 'expired',
    title: 'The certificate has expired',
    claude: 'Breaks off the handshake.',
    fix: { general: 'Renew it, and see why it was not renewed by itself.' },
  },
  {
    id: 'certificate-wrong-name',
    reason: 'wrong-name',
    title: 'The certificate is for another name',
    claude: 'Breaks off the handshake.',
    fix: { general: 'Get a certificate that names this host, or type the host that it names.' },
  },
  {
    id: 'tls-refused',
    reason: 'reset',
    title: 'The connection is cut while TLS is being set up',
    claude: 'Sees the connection reset before a request could be sent; nothing is logged.',
    fix: {
      general:
        'Look for a firewall or bot rule that judges TLS fingerprints or server names, and make an exception.',
    },
  },
]

export const certificate: readonly Check[] = certificates.map(({ reason, ...check }, index) => ({
  ...shared,
  ...check,
  rank: 15 + index,
  judge: ({ isLocal, hosts }) => {
    if (isLocal) return testedLocally
    const looked = hosts.filter(({ handshake }) => handshake !== undefined)
    if (looked.length === 0) return couldNotRun('no TLS handshake was made')
    for (const { hostname, handshake, roles } of looked) {
      if (handshake?.trusted === false && handshake.reason === reason) {
        return violated(`${hostname} (${roles.join(', ')}): ${handshake.says}`)
      }
    }
    return passed
  },
}))
