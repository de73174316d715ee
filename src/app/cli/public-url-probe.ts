/** Asks for our own documents by the public URL, as Claude's cloud does, and says in plain words what came back instead of them. */

import { type Access, eagerQuery } from '../../gateway/gateway.ts'
import { authorizationServerWellKnown } from '../../oauth/authorization-server-metadata.ts'
import { protectedResourceWellKnown } from '../../oauth/protected-resource-metadata.ts'
import { type OutboundAnswer, OutboundError, type OutboundFetch } from '../../platform/outbound-fetch.ts'
import { probeHeader } from '../../platform/telemetry.ts'
import { parseUrl } from '../../platform/url.ts'

export interface ProbeTarget {
  /** The origin that clients use. */
  publicUrl: string
  path: string
  access: Access
  /** Where this process listens, for advice to whoever configures the proxy. */
  localUrl: string
}

export interface ProbeFinding {
  /** `good`: as it has to be. `bad`: clients will fail. `unknown`: this machine could not tell. */
  verdict: 'good' | 'bad' | 'unknown'
  says: string
  /** To be typed, so it stands on a line of its own. */
  command?: string
}

/** Longer than Claude's cloud waits (10 s, claude-clients N17), so that a slow answer is told from none. */
export const probeDeadlineMs = 15_000
export const probeMaximumBytes = 65_536
const slowAnswerMs = 5_000

/** Who asks: the agent of discovery and OAuth, and the agent of MCP calls (observed 2026-02 to 2026-10). Edge rules often pass one and not the other. */
const discoveryAgent = 'python-httpx/0.28.1'
const mcpAgent = 'Claude-User'

/** Never throws. Several findings only where they are several faults. */
export async function probePublicUrl(target: ProbeTarget, fetch: OutboundFetch): Promise<ProbeFinding[]> {
  const questions = target.access === 'oauth' ? protectedQuestions(target) : openQuestions(target)
  const answered: Answered[] = []
  for (const question of questions) {
    const answer = await ask(question, fetch)
    // Nothing else will be reached either, and each would wait for its deadline.
    if (answer.kind === 'not-reached') return [notReached(target, answer.reason)]
    answered.push(answer)
  }
  const faults = answered.flatMap((answer) => faultOf(answer, answered, target) ?? [])
  const distinct = [...new Map(faults.map((finding) => [finding.says, finding])).values()]
  return distinct.length > 0 ? distinct : [allWell(answered)]
}

interface Question {
  url: string
  what: 'resource-metadata' | 'server-metadata' | 'mcp' | 'health'
  init: RequestInit
  agent: string
}

function protectedQuestions({ publicUrl, path, access }: ProbeTarget): Question[] {
  // Elsewhere a lazy connector passes `initialize` on.
  const endpoint = `${publicUrl}${path}${access === 'lazy' ? `?${eagerQuery}` : ''}`
  return [
    get(`${publicUrl}${protectedResourceWellKnown}${path}`, 'resource-metadata', discoveryAgent),
    get(`${publicUrl}${authorizationServerWellKnown}`, 'server-metadata', discoveryAgent),
    initialize(endpoint, mcpAgent),
    initialize(endpoint, discoveryAgent),
  ]
}

/** There is nothing to discover, and an `initialize` would start the MCP server for nobody. */
function openQuestions({ publicUrl }: ProbeTarget): Question[] {
  return [
    get(`${publicUrl}/healthz`, 'health', mcpAgent),
    get(`${publicUrl}/healthz`, 'health', discoveryAgent),
  ]
}

function get(url: string, what: Question['what'], agent: string): Question {
  return {
    url,
    what,
    agent,
    init: { headers: { accept: 'application/json', 'user-agent': agent, [probeHeader]: '1' } },
  }
}

function initialize(url: string, agent: string): Question {
  const body = {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'postern-probe', version: '0' },
    },
  }
  const headers = {
    'user-agent': agent,
    [probeHeader]: '1',
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
  }
  return { url, what: 'mcp', agent, init: { method: 'POST', headers, body: JSON.stringify(body) } }
}

type Answered = Question & { kind: 'answered'; answer: OutboundAnswer; durationMs: number }
type Asked = Answered | { kind: 'not-reached'; reason: string }

async function ask(question: Question, fetch: OutboundFetch): Promise<Asked> {
  const startedAt = performance.now()
  try {
    const answer = await fetch(question.url, question.init)
    return { ...question, kind: 'answered', answer, durationMs: performance.now() - startedAt }
  } catch (error) {
    if (error instanceof OutboundError && error.kind === 'wrong-body') {
      const answer = { status: 200, headers: new Headers({ 'content-type': 'text/html' }), text: '' }
      return { ...question, kind: 'answered', answer, durationMs: performance.now() - startedAt }
    }
    return { kind: 'not-reached', reason: error instanceof Error ? error.message : String(error) }
  }
}

function notReached({ publicUrl }: ProbeTarget, reason: string): ProbeFinding {
  const host = new URL(publicUrl).host
  const isCertificate = /certificate|self.signed|altnames|TLS|SSL/i.test(reason)
  if (isCertificate) {
    const says = `${reason}. Claude refuses such a certificate too: ${host} needs one that browsers trust, with its whole chain.`
    return { verdict: 'bad', says }
  }
  return {
    verdict: 'unknown',
    says: `${reason}. Claude has to reach it from the internet. Some networks cannot reach themselves by their public name, so ask from another one:`,
    command: `curl -i ${publicUrl}/healthz`,
  }
}

/** In the order in which one fault explains the others. */
function faultOf(asked: Answered, all: readonly Answered[], target: ProbeTarget): ProbeFinding | undefined {
  const says =
    redirectFault(asked, target) ??
    wrongHostFault(asked, target) ??
    botWallFault(asked) ??
    gatewayFault(asked, target) ??
    missingFault(asked, all, target) ??
    documentFault(asked, target) ??
    challengeFault(asked, target) ??
    slownessFault(asked)
  return says === undefined ? undefined : { verdict: 'bad', says }
}

function redirectFault({ answer, url }: Answered, { publicUrl }: ProbeTarget): string | undefined {
  if (answer.status < 300 || answer.status >= 400) return undefined
  const location = answer.headers.get('location')
  const to = location === null ? undefined : parseUrl(new URL(location, url).href)
  if (to === undefined)
    return `${url} answers ${answer.status} without saying where to go; the proxy must pass it on.`
  if (to.origin !== publicUrl) {
    const isSamePath = to.pathname === new URL(url).pathname
    return isSamePath && to.protocol === 'https:'
      ? `${publicUrl} redirects to ${to.origin}. A redirect costs Claude its token: use --public-url ${to.origin}`
      : `${url} redirects to ${to.origin}${to.pathname}, which is not Postern: the proxy must let this path through, without a sign-in of its own.`
  }
  return `${url} redirects to ${to.pathname}: the proxy must pass the path as it is (a redirected POST becomes a GET without its body).`
}

/** Our own Host guard speaks through the proxy. */
function wrongHostFault({ answer, url }: Answered, { publicUrl }: ProbeTarget): string | undefined {
  if (answer.status !== 421) return undefined
  return `the proxy passes ${url} on under another Host name: let it keep Host: ${new URL(publicUrl).host}, or name the other one with --trusted-host`
}

/** Cloudflare marks its challenge; others answer a page where nobody asked for one. */
function botWallFault({ answer, agent }: Answered): string | undefined {
  const isChallenge = answer.headers.get('cf-mitigated') !== null
  const isRefusedByPage = [401, 403, 405, 406, 429, 503].includes(answer.status) && isHtml(answer)
  if (!isChallenge && !isRefusedByPage) return undefined
  const shown = [`${answer.status} ${contentType(answer)}`, ...(isChallenge ? ['cf-mitigated'] : [])].join(
    ', ',
  )
  return (
    `a bot wall answered ${agent} (${shown}). Claude meets the same: exempt the MCP path, /oauth/ and /.well-known/ ` +
    'from bot rules ("Block AI bots", Bot Fight Mode, managed challenges), or allow 160.79.104.0/21.'
  )
}

function gatewayFault({ answer, url }: Answered, { localUrl }: ProbeTarget): string | undefined {
  if (answer.status < 500) return undefined
  return `${url} answers ${answer.status}: the proxy or tunnel does not reach Postern. It listens on ${localUrl}`
}

function missingFault(
  { answer, what, url }: Answered,
  all: readonly Answered[],
  { publicUrl, localUrl, path }: ProbeTarget,
): string | undefined {
  if (answer.status !== 404) return undefined
  if (all.every((other) => other.answer.status === 404)) {
    return `${publicUrl} answers 404 everywhere: it leads to another server, or to another path of it. Postern listens on ${localUrl}`
  }
  if (what === 'mcp') return `${url} answers 404: the proxy does not pass ${path} to Postern.`
  return `${url} answers 404: the proxy does not pass /.well-known to Postern. It has to pass the whole host, not ${path} alone.`
}

function documentFault({ answer, what, url }: Answered, target: ProbeTarget): string | undefined {
  if (what === 'mcp') return undefined
  if (answer.status !== 200) return `${url} answers ${answer.status}; Postern would have answered 200.`
  const document = readObject(answer.text)
  if (document === undefined) {
    return `${url} answers ${contentType(answer)} where JSON is due: another server answers there.`
  }
  if (what === 'health') {
    return document.status === 'ok' ? undefined : `another server answers at ${url}.`
  }
  const member = what === 'server-metadata' ? 'issuer' : 'resource'
  const expected = what === 'server-metadata' ? target.publicUrl : `${target.publicUrl}${target.path}`
  const found = document[member]
  if (found === expected) return undefined
  if (typeof found === 'string' && found.replace(/^http:/, 'https:') === expected) {
    return `http in the metadata: ${url} says ${member} ${found}. Another server answers there, or something rewrites its answers; Claude refuses http.`
  }
  const shown = JSON.stringify(found)?.slice(0, 200) ?? 'nothing'
  return `another server answers at ${url}: its ${member} is ${shown}, and ours is ${expected}. Is another Postern behind this name, or an older one still running?`
}

function challengeFault(
  { answer, what, url }: Answered,
  { publicUrl, path }: ProbeTarget,
): string | undefined {
  if (what !== 'mcp') return undefined
  if (answer.status !== 401) {
    return `${url} answers ${answer.status} to a request without a token, where Postern answers 401: something else answers first.`
  }
  const challenge = answer.headers.get('www-authenticate') ?? ''
  if (challenge === '') {
    return `${url} answers 401 without WWW-Authenticate: the proxy takes that header away, and clients need it to find the sign-in.`
  }
  return challenge.includes(`${publicUrl}${protectedResourceWellKnown}${path}`)
    ? undefined
    : `${url} asks for another sign-in than ours (WWW-Authenticate: ${challenge.slice(0, 120)}): another server or the proxy's own sign-in answers.`
}

function slownessFault({ durationMs, url }: Answered): string | undefined {
  if (durationMs < slowAnswerMs) return undefined
  return `${url} took ${(durationMs / 1000).toFixed(1)} s to answer; Claude gives up after 10 s.`
}

function allWell(answered: readonly Answered[]): ProbeFinding {
  const slowest = Math.max(...answered.map(({ durationMs }) => durationMs))
  const says = `Metadata and the MCP endpoint came in ${Math.round(slowest)} ms at most. Asked from this machine.`
  return { verdict: 'good', says }
}

function isHtml(answer: OutboundAnswer): boolean {
  return (
    /\bhtml\b/i.test(answer.headers.get('content-type') ?? '') || /^\s*<(?:!doctype|html)/i.test(answer.text)
  )
}

function contentType(answer: OutboundAnswer): string {
  return (answer.headers.get('content-type') ?? 'no content type').split(';')[0]?.slice(0, 60) ?? ''
}

function readObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
