/** What is in the way at the well-known places: rules that answer every path, or none below a dot (RFC 8615 §3). */

import { type Check, couldNotRun, everyClient, type Judgement, passed, violated, warning } from '../check.ts'
import { type Exchange, isHtml, isRedirect, jsonOf, outcomeOf, probed } from '../examination.ts'
import { isDocument, placesOf } from '../facts.ts'

const shared = {
  stage: 'discovery',
  severity: 'error',
  clients: everyClient,
  party: 'server',
  consequenceOf: ['address-refused', 'bot-challenge', 'login-page-instead-of-401'],
} as const

export const wellKnown: readonly Check[] = [
  {
    ...shared,
    id: 'well-known-blocked',
    title: 'Nothing below /.well-known is served',
    rank: 15,
    source: 'RFC 8615 §3',
    claude: 'Finds no metadata, and guesses /authorize, /token and /register.',
    party: 'edge',
    fix: {
      general:
        'Except /.well-known/ from the rule against paths that begin with a dot, or route it explicitly to the server.',
      frameworks: {
        nginx: 'Before `location ~ /\\.` add `location ^~ /.well-known/ { proxy_pass … }`.',
        apache: 'Except `.well-known` from `RedirectMatch 403 /\\.`.',
        vercel:
          'Folders that begin with a dot are not deployed: add a rewrite for /.well-known/* to a route.',
      },
    },
    judge: (examination) => {
      const unknown = probed(examination, 'metadata', 'unknown')
      const plain = probed(examination, 'metadata', 'unknown-plain')
      if (unknown?.status === undefined || plain?.status === undefined)
        return couldNotRun('nothing was answered')
      const places = placesOf(examination, 'resource')
      const isSame = places.length > 0 && places.every(({ status }) => status === unknown.status)
      // A page is the front's own word for it, where the server behind speaks JSON.
      const isFronts =
        unknown.status === 403 ? plain.status !== 403 : unknown.status === 404 && isHtml(unknown)
      return isSame && isFronts && isHtml(unknown) !== isHtml(plain)
        ? violated(
            `${places.map(pathOf).join(', ')}: ${outcomeOf(unknown)}, as for any name there; other paths: ${outcomeOf(plain)}`,
            ...places,
            unknown,
            plain,
          )
        : passed
    },
  },
  {
    ...shared,
    id: 'well-known-localised',
    title: 'The metadata is redirected to a language',
    rank: 17,
    source: 'RFC 9728 §3.1',
    claude: 'Asks for the metadata where the standard has it; below a language there is none.',
    fix: {
      general: 'Except /.well-known/* from whatever adds the language to a path.',
      frameworks: {
        vercel: 'Next.js: `matcher: ["/((?!api|_next|\\\\.well-known).*)"]` in the middleware.',
      },
    },
    judge: withPlaces(
      (exchange) =>
        isRedirect(exchange) && /^\/[a-z]{2}(?:[-_][a-z]{2,4})?(?:\/|$)/i.test(targetPath(exchange)),
      (exchange) => `${pathOf(exchange)} is redirected to ${targetPath(exchange)}`,
    ),
  },
  {
    ...shared,
    id: 'html-instead-of-json',
    title: 'A page is answered where JSON is due',
    rank: 18,
    source: 'RFC 8414 §3.2',
    claude:
      'Takes 200 for the metadata, cannot read it as JSON, and stops; 404 would have sent it on to the next place.',
    fix: {
      general: 'Answer /.well-known/* with JSON or with 404, never with the page of the application.',
      frameworks: {
        vercel: 'Exclude `/.well-known` from the rewrite to index.html.',
        nginx: '`try_files $uri /index.html` must not cover /.well-known/.',
        express: 'Register the metadata routes before the catch-all `app.get("*")`.',
      },
    },
    judge: withPlaces(
      (exchange) => exchange.status === 200 && jsonOf(exchange) === undefined && isHtml(exchange),
      (exchange) => `${pathOf(exchange)}: 200 with a page`,
    ),
  },
  {
    ...shared,
    id: 'well-known-reaches-mcp',
    title: 'The MCP handler answers the well-known places',
    rank: 19,
    source: 'RFC 9728 §3.1',
    claude:
      'Reads an error of JSON-RPC where metadata or 404 is due; Claude Code says “Invalid OAuth error response”.',
    seen: 'Invalid OAuth error response',
    fix: {
      general:
        'Mount the MCP handler on its own path only, and give the well-known places routes of their own.',
      frameworks: { express: '`app.all("/mcp", …)`, not `app.use(…)` at the root.' },
    },
    judge: withPlaces(
      (exchange) => exchange.status !== 401 && exchange.status !== 403 && jsonOf(exchange)?.jsonrpc === '2.0',
      (exchange) => `${pathOf(exchange)}: ${outcomeOf(exchange)} with an error of JSON-RPC`,
    ),
  },
  {
    ...shared,
    id: 'unknown-well-known-fails',
    title: 'A well-known place that does not exist fails with 5xx',
    rank: 22,
    source: 'MCP 2025-11-25 authorization server metadata discovery',
    claude: 'Tries the next place after 404; after 500 or 503 it takes the server for broken, and stops.',
    fix: { general: 'Answer 404 at every well-known place that is not there.' },
    judge: withPlaces(
      ({ status }) => status !== undefined && status >= 500,
      (exchange) => `${pathOf(exchange)}: ${outcomeOf(exchange)}`,
    ),
  },
]

/** An error where a client meets it before it has what it looks for; where it meets it never, a warning. */
function withPlaces(
  isFault: (exchange: Exchange) => boolean,
  says: (exchange: Exchange) => string,
): Check['judge'] {
  return (examination): Judgement => {
    const asked = [placesOf(examination, 'resource'), placesOf(examination, 'issuer')]
    const met = asked.flatMap(beforeFound).find(isFault)
    const unknown = probed(examination, 'metadata', 'unknown')
    const first = met ?? [...asked.flat(), ...(unknown === undefined ? [] : [unknown])].find(isFault)
    if (first === undefined) return passed
    const isMet = met !== undefined && examination.facts.asksForToken
    return isMet ? violated(says(first), first) : warning(says(first), first)
  }
}

/** All that a client asks until one of them serves. */
function beforeFound(places: readonly Exchange[]): readonly Exchange[] {
  const found = places.findIndex(isDocument)
  return found === -1 ? places : places.slice(0, found)
}

function pathOf({ url }: Exchange): string {
  return new URL(url).pathname
}

function targetPath({ url, responseHeaders: { location = '' } }: Exchange): string {
  return URL.canParse(location, url) ? new URL(location, url).pathname : ''
}
