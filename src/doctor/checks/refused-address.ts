/** Firewalls that judge where a request comes from: by address, country or hosting provider (documented by Anthropic, 2026-09). */

import { type Check, couldNotRun, notApplicable, passed, violated } from '../check.ts'
import { type Exchange, isHtml, outcomeOf, probed } from '../examination.ts'
import { placesOf } from '../facts.ts'
import { isBotChallenge } from './edge.ts'

const addresses = 'https://platform.claude.com/docs/en/api/ip-addresses'
const range = '160.79.104.0/21'

const shared = {
  severity: 'error',
  source: addresses,
  clients: ['hosted', 'messages-api'],
  party: 'edge',
} as const

export const refusedAddress: readonly Check[] = [
  {
    ...shared,
    id: 'address-refused',
    title: 'A firewall refuses everything that is asked from here',
    stage: 'reach',
    rank: 24,
    claude: `Asks from ${range} in the United States; a firewall that knows only some addresses or countries refuses it as well, and the server never hears of it.`,
    seen: 'Couldn’t reach the MCP server',
    fix: {
      general: `Let ${range} pass to the MCP path, the OAuth paths and /.well-known/*; addresses 34.162.x.x of before are no longer used. Then run this again from outside your own network.`,
      frameworks: {
        cloudflare:
          'Security > WAF: look up the Ray ID of this request; rules on country, ASN or IP lists need an exception for these paths.',
        nginx: 'Look for `allow` and `deny` in the server block.',
        'api-gateway': 'Look at the resource policy and at AWS WAF’s IP sets and reputation lists.',
      },
    },
    judge: (examination) => {
      const knock = probed(examination, 'knocks', 'httpx')
      if (knock === undefined) return couldNotRun('nothing was sent')
      const asked = [
        knock,
        ...['curl', 'claude'].map((label) => probed(examination, 'knocks', label)),
        ...['unknown', 'unknown-plain'].map((label) => probed(examination, 'metadata', label)),
      ]
      return asked.every(isRefusedByEdge)
        ? violated(`${outcomeOf(knock)} for every program and every path: ${textOf(knock)}`, knock)
        : passed
    },
  },
  {
    ...shared,
    id: 'issuer-address-refused',
    title: 'A firewall before the authorization server refuses everything that is asked from here',
    stage: 'discovery',
    rank: 21,
    claude: `Asks the authorization server from ${range} as well; it is let in at the MCP server and refused here.`,
    seen: 'Couldn’t reach the MCP server',
    fix: {
      general: `Let ${range} pass to the authorization server too: its metadata, registration and token endpoints.`,
    },
    judge: (examination) => {
      const plain = probed(examination, 'metadata', 'issuer-plain')
      if (plain === undefined) return notApplicable('the authorization server is on the same host')
      const places = placesOf(examination, 'issuer')
      return [...places, plain].every(isRefusedByEdge)
        ? violated(
            `${new URL(plain.url).host}: ${outcomeOf(plain)} for every path: ${textOf(plain)}`,
            ...places,
          )
        : passed
    },
  },
]

/** A page, or the short text of a proxy; an application that misses a token answers in JSON. */
function isRefusedByEdge(exchange: Exchange | undefined): boolean {
  if (exchange?.status !== 403 && exchange?.status !== 451) return false
  return !isBotChallenge(exchange) && (isHtml(exchange) || proxyTexts.test(exchange.responseBody ?? ''))
}

const proxyTexts = /^\s*(?:error code: 1\d{3}|RBAC: access denied|forbidden\.?|access denied\.?)\s*$/i

function textOf({ responseBody }: Exchange): string {
  const text = (responseBody ?? '').replace(/<(style|script)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ')
  return `“${text.replace(/\s+/g, ' ').trim().slice(0, 120)}”`
}
