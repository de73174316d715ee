/** A knock that something else than the MCP server answered: another host, a login page, a route or a host list that leaves it out. */

import { type Check, couldNotRun, everyClient, notApplicable, passed, violated } from '../check.ts'
import { type Exchange, isHtml, isRedirect, outcomeOf, probed, quoted, rpcOf } from '../examination.ts'

const shared = { stage: 'first-answer', severity: 'error', clients: everyClient, party: 'edge' } as const

export const misrouted: readonly Check[] = [
  {
    ...shared,
    id: 'host-not-allowed',
    title: 'The server refuses the host name under which it is reached',
    rank: 16,
    source: 'MCP 2025-11-25 transports, security warning',
    claude: 'Takes the refusal as final; it works only under the local name.',
    party: 'set-up',
    fix: {
      general:
        'Add the public host name to the server’s list of allowed hosts, or have the proxy send the one that it expects.',
      frameworks: {
        express:
          '`createMcpExpressApp({ allowedHosts: ["mcp.example.com"] })`; the transport’s `allowedHosts` as well.',
        fastmcp: '`TransportSecuritySettings(allowed_hosts=["mcp.example.com"])`.',
        django: 'Add it to `ALLOWED_HOSTS`.',
        tunnel: 'ngrok: `--host-header=rewrite`; cloudflared: `httpHostHeader`.',
      },
    },
    judge: withKnock((knock) => {
      const isRefusal = knock.status === 421 || knock.status === 403 || knock.status === 400
      const namesHost = knock.status === 421 || hostTexts.test(knock.responseBody ?? '')
      return isRefusal && namesHost
        ? violated(`${outcomeOf(knock)}: ${quoted(knock.responseBody?.slice(0, 160))}`, knock)
        : passed
    }),
  },
  {
    ...shared,
    id: 'bare-path-not-routed',
    title: 'The path is answered only with a final slash',
    rank: 17,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/299',
    claude: 'Asks exactly the URL that was typed, and finds nothing there.',
    fix: {
      general:
        'Route the path itself as well as what is below it: a rule for `/mcp/*` does not match `/mcp`.',
      frameworks: {
        'api-gateway': 'Add the path pattern `/mcp` beside `/mcp/*` to the listener rule.',
        nginx: '`location /mcp` without a final slash matches both.',
        caddy: '`handle /mcp*`, not `/mcp/*`.',
      },
    },
    judge: (examination) => {
      const knock = examination.facts.initialize
      const other = probed(examination, 'knocks', 'other-slash')
      if (knock === undefined || other === undefined) return couldNotRun('nothing was sent')
      const isMissing = knock.status === 404 || knock.status === 403 || knock.status === 405
      if (!isMissing || !isAnswer(other)) return passed
      const [typed, elsewhere] = [new URL(knock.url).pathname, new URL(other.url).pathname]
      return violated(`${typed}: ${outcomeOf(knock)}; ${elsewhere}: ${outcomeOf(other)}`, knock, other)
    },
  },
  {
    ...shared,
    id: 'redirected-to-other-host',
    title: 'The URL redirects to another host',
    rank: 18,
    source: 'https://claude.com/docs/connectors/building/troubleshooting',
    claude:
      'Loses the body on the way and never carries a token to another host; browsers and `curl -L` hide it.',
    party: 'set-up',
    fix: {
      general: 'Type the final URL, and name that one in `resource`; or serve the typed one in place.',
      frameworks: { vercel: 'Domains: the redirect from the bare domain to www applies to /mcp as well.' },
    },
    judge: withKnock((knock) => {
      const target = redirectTarget(knock)
      if (target === undefined || isLogin(target)) return passed
      return target.host === new URL(knock.url).host
        ? passed
        : violated(
            `initialize is redirected with ${knock.status} to ${target.origin}${target.pathname}`,
            knock,
          )
    }),
  },
  {
    ...shared,
    id: 'login-page-instead-of-401',
    title: 'A login page is shown where 401 is due',
    rank: 19,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/215',
    claude: 'Cannot use a page for people: only 401 with a Bearer challenge makes it begin to sign in.',
    fix: {
      general:
        'Except the MCP path and /.well-known/* from the sign-in of the proxy, and let the MCP server check tokens itself.',
      frameworks: {
        cloudflare:
          'Cloudflare Access: a bypass policy for the MCP path, the OAuth paths and /.well-known/*.',
        'api-gateway': 'ALB: `OnUnauthenticatedRequest: allow` (or no authenticate action) for these paths.',
        nginx: 'ingress-nginx: no `auth-signin` annotation for these paths; no `error_page 401`.',
        spring: 'Use an entry point for Bearer tokens instead of `formLogin` or `oauth2Login` for /mcp.',
        express: 'Answer API paths with 401 before the middleware that redirects to the login.',
      },
    },
    judge: withKnock((knock) => {
      const target = redirectTarget(knock)
      if (target !== undefined && isLogin(target)) {
        return violated(
          `initialize is redirected with ${knock.status} to ${target.origin}${target.pathname}`,
          knock,
        )
      }
      const isPage = knock.status !== undefined && knock.status >= 200 && knock.status <= 299 && isHtml(knock)
      return isPage && /type=["']?password|sign[ -]?in|log[ -]?in/i.test(knock.responseBody ?? '')
        ? violated(`initialize is answered ${knock.status} with a page to sign in`, knock)
        : passed
    }),
  },
]

/** Of the MCP SDKs, Starlette, Django, Rails and Vite. */
const hostTexts = /invalid host|host header|disallowedhost|blocked hosts?\b|this host .{1,200}is not allowed/i

function withKnock(judge: (knock: Exchange) => ReturnType<Check['judge']>): Check['judge'] {
  return ({ facts }) => {
    if (facts.initialize?.status === undefined) return notApplicable('there was no answer')
    return judge(facts.initialize)
  }
}

/** Something that speaks MCP or asks for a token. */
function isAnswer(exchange: Exchange): boolean {
  return exchange.status === 401 || rpcOf(exchange)?.result !== undefined
}

function redirectTarget(exchange: Exchange): URL | undefined {
  const { location } = exchange.responseHeaders
  if (!isRedirect(exchange) || location === undefined || !URL.canParse(location, exchange.url))
    return undefined
  return new URL(location, exchange.url)
}

function isLogin({ pathname, hostname }: URL): boolean {
  return (
    /\/(?:log-?in|sign-?in|authorize|auth|sso|saml2?|oauth2?|cdn-cgi\/access)(?:[/.]|$)/i.test(pathname) ||
    /^(?:log-?in|sign-?in|sso|auth|accounts?)\.|\.cloudflareaccess\.com$/i.test(hostname)
  )
}
