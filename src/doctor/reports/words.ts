/** The words that every form of the report has in common, and how a stranger's are kept to one line. */

import type { Framework, Party } from '../check.ts'
import type { DoctorReport } from '../report.ts'

/** The server's words could otherwise move the cursor or rewrite what stands above (terminal escape injection). */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}

/** How far a run came in which nothing was found; a server that is open to all needs no client. */
export function reached({ until, steps }: DoctorReport): string {
  if (until === 'discovery') return 'discovery'
  return until === 'registration' && steps.some(({ name }) => name === 'registration')
    ? 'registration'
    : 'the lists'
}

/** In UTC, to the minute. */
export function timeOf({ startedAt }: DoctorReport): string {
  return `${new Date(startedAt * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

export const parties: Readonly<Record<Party, string>> = {
  server: 'the MCP server',
  edge: 'what stands before the server',
  'authorization-server': 'the authorization server',
  'set-up': 'how it was set up',
}

export const names: Readonly<Record<Framework, string>> = {
  cloudflare: 'Cloudflare',
  vercel: 'Vercel',
  nginx: 'nginx',
  apache: 'Apache',
  caddy: 'Caddy',
  express: 'Express',
  hono: 'Hono',
  fastmcp: 'FastMCP',
  django: 'Django',
  spring: 'Spring',
  auth0: 'Auth0',
  entra: 'Entra',
  keycloak: 'Keycloak',
  cognito: 'Cognito',
  google: 'Google',
  'api-gateway': 'API gateway',
  tunnel: 'Tunnel',
}
