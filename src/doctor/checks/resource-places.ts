/** Where the protected resource metadata is, whom it is for and what it asks for, beyond that it exists (RFC 9728 §2, §3.1). */

import { parseUrl } from '../../platform/url.ts'
import { type Check, everyClient, notApplicable, passed, violated, warning } from '../check.ts'
import { type Exchange, jsonOf, outcomeOf, probed, quoted } from '../examination.ts'
import { firstIssuer, isDocument } from '../facts.ts'

const shared = {
  stage: 'discovery',
  severity: 'error',
  clients: everyClient,
  party: 'server',
} as const

export const resourcePlaces: readonly Check[] = [
  {
    ...shared,
    id: 'resource-metadata-appended',
    title: 'Metadata is behind the path instead of before it',
    rank: 24,
    source: 'RFC 9728 §3.1',
    claude:
      'Looks at the root of the host only, /.well-known/… first and then the path; it guesses endpoints when nothing is there.',
    fix: {
      general:
        'Serve /.well-known/oauth-protected-resource/<path> and /.well-known/oauth-authorization-server at the root of the host, not below the path of the endpoint.',
      frameworks: {
        fastmcp:
          'Mounted in another application: add `mcp.http_app().routes` for /.well-known to the outer one.',
        express: 'Mount `mcpAuthMetadataRouter` on the application itself, not on the router of /mcp.',
        nginx: 'Proxy `location /.well-known/` to the same server as the endpoint.',
      },
    },
    judge: (examination) => {
      const { facts } = examination
      const appended = [
        { label: 'resource-appended', found: facts.resourceMetadata },
        { label: 'issuer-oauth-appended', found: facts.issuerMetadata },
      ]
        .filter(({ found }) => found === undefined)
        .map(({ label }) => probed(examination, 'metadata', label))
        .find(isDocument)
      return appended === undefined
        ? passed
        : violated(`it is at ${new URL(appended.url).pathname}`, appended)
    },
  },
  {
    ...shared,
    id: 'resource-of-other-path',
    title: 'The metadata is for another path of the same host',
    rank: 38,
    source: 'RFC 9728 §3.3',
    claude: 'Refuses metadata that is not for the typed URL, although the server answers here as well.',
    seen: 'Protected resource … does not match expected …',
    party: 'set-up',
    fix: {
      general:
        'Type the URL that `resource` names; or serve metadata for each URL under which the server answers, with that URL as `resource`.',
    },
    judge: ({ url, facts }) => {
      if (facts.resourceMetadata === undefined) return notApplicable('there is no such metadata')
      const { body, exchange } = facts.resourceMetadata
      const resource = parseUrl(String(body.resource))
      return resource !== undefined && isOtherPath(resource, new URL(url))
        ? violated(`resource is ${quoted(body.resource)}, the server was reached as ${quoted(url)}`, exchange)
        : passed
    },
  },
  {
    ...shared,
    id: 'resource-metadata-in-one-place',
    title: 'The metadata is not everywhere where clients look',
    rank: 70,
    severity: 'error',
    source: 'MCP 2025-11-25 authorization server location',
    claude:
      'Claude Code asks only where the challenge points; at a sign-in it asks only at the well-known places.',
    clients: ['code', 'inspector', 'vscode', 'hosted'],
    fix: {
      general:
        'Serve the same document at /.well-known/oauth-protected-resource followed by the path, and without the path; point the challenge to the first.',
    },
    judge: (examination) => {
      const { resourceMetadata } = examination.facts
      if (resourceMetadata === undefined) return notApplicable('there is no such metadata')
      const [pointer, path] = ['resource-pointer', 'resource-path'].map((label) =>
        probed(examination, 'metadata', label),
      )
      if (pointer !== undefined && !isDocument(pointer)) {
        return violated(
          `the challenge points to ${pointer.url}: ${outcomeOf(pointer)}`,
          pointer,
          resourceMetadata.exchange,
        )
      }
      if (path !== undefined && !isDocument(path)) {
        const where = resourceMetadata.exchange.url
        return warning(`only at ${where}; ${new URL(path.url).pathname}: ${outcomeOf(path)}`, path)
      }
      return pointer !== undefined && path !== undefined && !isSame(pointer, path)
        ? warning(`${pointer.url} and ${path.url} say different things`, pointer, path)
        : passed
    },
  },
  {
    ...shared,
    id: 'scopes-too-broad',
    title: 'More scopes are announced than people can be given',
    rank: 80,
    source: 'https://github.com/anthropics/claude-code/issues/55954',
    claude:
      'Asks for every scope of the resource metadata when the challenge names none, and is refused for the one that nobody gets.',
    clients: ['hosted', 'code'],
    fix: {
      general:
        'List in `scopes_supported` of the resource metadata only what every user may have, and name what is needed in `scope` of the challenge.',
    },
    judge: ({ facts }) => {
      const { authorization, challenge, landing, resourceMetadata } = facts
      if (resourceMetadata === undefined) return notApplicable('there is no such metadata')
      if (challenge?.scope !== undefined) return passed
      const announced = resourceMetadata.body.scopes_supported
      const asked = parseUrl(authorization?.url ?? '')?.searchParams.get('scope')
      if (landing?.url.searchParams.get('error') === 'invalid_scope' && Array.isArray(announced)) {
        return violated(
          `asked for ${quoted(asked)}, answered invalid_scope`,
          resourceMetadata.exchange,
          landing.exchange,
        )
      }
      return Array.isArray(announced) && announced.length > manyScopes
        ? warning(`scopes_supported lists ${announced.length} scopes`, resourceMetadata.exchange)
        : passed
    },
  },
]

/** Nobody reads a consent page longer than this. */
const manyScopes = 20

function isSame(one: Exchange, two: Exchange): boolean {
  const [first, second] = [jsonOf(one) ?? {}, jsonOf(two) ?? {}]
  return first.resource === second.resource && firstIssuer(first) === firstIssuer(second)
}

/** A final slash, a port or a letter is not another path; that is told as a mismatch. */
function isOtherPath(resource: URL, typed: URL): boolean {
  const pathOf = ({ pathname }: URL): string => pathname.replace(/\/+$/, '').toLowerCase()
  return resource.origin === typed.origin && pathOf(resource) !== pathOf(typed)
}
