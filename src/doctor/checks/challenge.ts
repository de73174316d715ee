/** The Bearer challenge of the first 401: there, and with an address of the metadata that can be used (RFC 6750 §3, RFC 9728 §5.1). */

import { readChallenges } from '../../oauth/www-authenticate.ts'
import { parseUrl } from '../../platform/url.ts'
import { type Check, everyClient, notApplicable, passed, violated } from '../check.ts'
import { type Examination, type Exchange, quoted } from '../examination.ts'

const example =
  '`WWW-Authenticate: Bearer resource_metadata="https://host/.well-known/oauth-protected-resource/mcp"`'

export const challenge: readonly Check[] = [
  {
    id: 'challenge-missing',
    title: 'The 401 carries no Bearer challenge',
    stage: 'first-answer',
    rank: 30,
    severity: 'error',
    source: 'RFC 6750 §3, MCP 2025-11-25 authorization server location',
    claude:
      'Claude Code says that it failed to connect; hosted Claude guesses where the metadata is, and often guesses wrong.',
    clients: everyClient,
    party: 'server',
    fix: {
      general: `Send ${example} with every 401.`,
      frameworks: {
        nginx: 'Add `proxy_pass_header WWW-Authenticate`, and no `error_page 401`.',
        express: 'Use `requireBearerAuth({ resourceMetadataUrl })` of the MCP SDK.',
        fastmcp: 'Give the server an `auth` provider with its `base_url` set to the public address.',
        'api-gateway':
          'Map the header `WWW-Authenticate` in the gateway’s 401 response; by default it is renamed or dropped.',
      },
    },
    judge: withFirst401(({ facts }, answer) => {
      const schemes = readChallenges(answer.responseHeaders['www-authenticate']).map(({ scheme }) => scheme)
      if (facts.challenge !== undefined) return passed
      const seen = schemes.length === 0 ? 'no WWW-Authenticate' : `only ${schemes.join(', ')}`
      return violated(`the 401 carries ${seen}`, answer)
    }),
  },
  {
    id: 'challenge-not-bearer-first',
    title: 'The Bearer challenge is not the one that is read',
    stage: 'first-answer',
    rank: 32,
    severity: 'error',
    source: 'RFC 9110 §11.6.1',
    claude:
      'The TypeScript SDK, in Claude Code and the Inspector, reads the header’s first word and takes the pointer out by a pattern: behind another scheme, or broken by a quote, it is lost.',
    clients: ['code', 'inspector', 'vscode'],
    party: 'server',
    fix: {
      general: `Send one challenge and only one: ${example}; leave quotes out of its values.`,
      frameworks: {
        spring: 'Turn off `httpBasic` for /mcp.',
        nginx: 'No `auth_basic` in this location.',
      },
    },
    judge: withFirst401((_, answer) => {
      const header = answer.responseHeaders['www-authenticate'] ?? ''
      const schemes = readChallenges(header).map(({ scheme }) => scheme)
      if (!schemes.includes('bearer')) return notApplicable('there is no Bearer challenge')
      const isRead = schemes[0] === 'bearer' && !hasStrayQuote(header)
      return isRead ? passed : violated(`WWW-Authenticate: ${header.slice(0, 200)}`, answer)
    }),
  },
  {
    id: 'challenge-without-pointer',
    title: 'The challenge does not say where the metadata is',
    stage: 'first-answer',
    rank: 40,
    severity: 'warning',
    source: 'RFC 9728 §5.1',
    claude: 'Looks at the well-known places; clients that rely on the pointer find nothing.',
    clients: everyClient,
    party: 'server',
    fix: { general: `Name it: ${example}.` },
    judge: withFirst401(({ facts }, answer) => {
      if (facts.challenge === undefined) return notApplicable('there is no Bearer challenge')
      return facts.challenge.resourceMetadata === undefined
        ? violated('the challenge has no resource_metadata', answer)
        : passed
    }),
  },
  {
    id: 'pointer-not-absolute',
    title: 'The challenge points to its metadata by something that is no absolute URL',
    stage: 'first-answer',
    rank: 41,
    severity: 'error',
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/122',
    claude: 'Stops after the 401: a relative address is not completed.',
    clients: everyClient,
    party: 'server',
    fix: { general: `Write the whole URL: ${example}.` },
    judge: withFirst401(({ facts }, answer) => {
      const pointer = facts.challenge?.resourceMetadata
      if (pointer === undefined) return notApplicable('the challenge has no resource_metadata')
      return parseUrl(pointer) === undefined
        ? violated(`resource_metadata is ${quoted(pointer)}`, answer)
        : passed
    }),
  },
]

/** A quote that neither opens nor closes a value. */
function hasStrayQuote(header: string): boolean {
  return header.replaceAll(/="(?:[^"\\]|\\.)*"(?=\s*(?:,|$))/g, '=').includes('"')
}

function withFirst401(
  judge: (examination: Examination, answer: Exchange) => ReturnType<Check['judge']>,
): Check['judge'] {
  return (examination) => {
    const answer = examination.facts.firstAnswer
    return answer?.status === 401 ? judge(examination, answer) : notApplicable('the first answer is no 401')
  }
}
