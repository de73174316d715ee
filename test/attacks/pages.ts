// Words of strangers on our pages: as markup, as another's name, or so that a person misses what matters.

import { authorizeUrl, claudeCallback, type Door, pkce, readForm, register } from '../door.ts'
import { evilCallback } from './adversary.ts'
import { type Attack, succeededIf, without } from './attack.ts'
import type { House } from './house.ts'

const server = 'authorization-server/'
const oauth = 'oauth/'
const ui = 'ui/'

const script = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`

function isMarkup(html: string): boolean {
  return html.includes('<script>alert(1)') || html.includes('<img src=x')
}

/** What a person sees who follows the link of a client that says this of itself. */
async function consentPageOf(door: Door, changes: Record<string, unknown>): Promise<string> {
  const client = await register(door, { redirect_uris: [evilCallback], ...changes })
  const redirectUri = String((client.redirect_uris as string[])[0])
  const link = authorizeUrl(door, String(client.client_id), pkce().challenge, { redirect_uri: redirectUri })
  return (await door.browser().openConsent(link)).html
}

const wordsEscaped = without(
  ui,
  'return characters.length <= maximumLength ? visible :',
  'if (visible.includes("<")) return html([visible] as unknown as TemplateStringsArray) as unknown as string; return characters.length <= maximumLength ? visible :',
)

const injections: readonly Attack[] = [
  {
    name: '[OA21-26] script in the name of a client',
    source: 'RFC 7591 §5, RFC 6819 §4.4.1.4; CWE-79',
    guard: wordsEscaped,
    run: async (door) => succeededIf(isMarkup(await consentPageOf(door, { client_name: script }))),
  },
  {
    name: 'script in the name of a tool, by the server behind the door',
    source: 'MCP security best practices; CWE-79; SECURITY.md, RFC 9700 §4.2.4',
    guard: wordsEscaped,
    async run(_, house) {
      const door = await house.openDoor({
        connector: { name: 'Notes', upstream: upstreamWithTool(house, script) },
      })
      return succeededIf(isMarkup(await consentPageOf(door, {})))
    },
  },
  {
    name: 'script in a request whose error is shown on a page',
    source: 'OAuth 2.1 §4.1.2.1; CWE-79',
    guard: wordsEscaped,
    async run(door) {
      const client = await register(door, { redirect_uris: [evilCallback], client_name: 'Evil' })
      const changes = { redirect_uri: evilCallback, code_challenge_method: '<script>alert(1)</script>' }
      const link = authorizeUrl(door, String(client.client_id), pkce().challenge, changes)
      const page = await (await door.fetch(link, { headers: { accept: 'text/html' } })).text()
      if (!page.includes('alert(1)')) throw new Error('the page does not repeat what was sent')
      return succeededIf(isMarkup(page))
    },
  },
  {
    name: 'script in a user name, repeated by the sign-in page',
    source: 'RFC 6819 §4.4.1.4; CWE-79',
    guard: without(
      ui,
      `type="\${view.type}" value="\${view.value ?? ''}"`,
      `type="\${view.type}" value="\${html([view.value ?? ''] as unknown as TemplateStringsArray)}"`,
    ),
    async run(door) {
      const browser = door.browser()
      const { action, fields } = readForm(await (await browser.get('/login')).text())
      fields.set('username', script)
      fields.set('password', 'wrong')
      return succeededIf(isMarkup(await (await browser.post(action, fields)).text()))
    },
  },
  {
    name: 'a callback whose host is a directive of our Content-Security-Policy',
    source: 'CSP Level 3 §2.2.1; RFC 9700 §4.16',
    guard: without(
      ui,
      'return hostOfCsp.test(url.host) ? ["\'self\'", url.origin] :',
      'return true ? ["\'self\'", url.origin] :',
    ),
    async run(door) {
      const uri = 'https://evil.example;sandbox/cb'
      const client = await register(door, { redirect_uris: [uri] })
      const link = authorizeUrl(door, String(client.client_id), pkce().challenge, { redirect_uri: uri })
      const { response } = await door.browser().openConsent(link)
      const policy = response.headers.get('content-security-policy') ?? ''
      return succeededIf(policy.split(/[;,]/).some((directive) => directive.trim().startsWith('sandbox')))
    },
  },
]

const disguises: readonly Attack[] = [
  {
    name: 'a name that reads backwards, or has letters that nobody sees',
    source: 'Unicode TR36 §2.9 (bidirectional spoofing); RFC 7591 §5',
    guard: without(oauth, 'filter((character) => !isControl(character))', 'filter(() => true)'),
    alsoNeeds: [without(ui, ".replace(invisible, '')")],
    run: async (door) =>
      succeededIf(
        /[\u202e\u2066\u200b\u00ad]/.test(
          await consentPageOf(door, { client_name: '\u202eedualC\u202c \u2066Cl\u200baude\u00ad' }),
        ),
      ),
  },
  {
    name: 'a name so long that it pushes the facts out of sight',
    source: 'RFC 7591 §5, OAuth 2.1 §7 (consent phishing)',
    guard: without(ui, 'return characters.length <= maximumLength ? visible :', 'return true ? visible :'),
    run: async (door) =>
      succeededIf(
        (await consentPageOf(door, { client_name: 'trust me '.repeat(90) })).includes('trust me '.repeat(20)),
      ),
  },
  {
    name: 'a name whose accents cover the lines around it',
    source: 'Unicode TR36 §3; RFC 7591 §5',
    guard: without(ui, String.raw`.replace(/(\p{M}{3})\p{M}+/gu, '$1')`),
    run: async (door) =>
      succeededIf(
        (await consentPageOf(door, { client_name: `E${'\u0353'.repeat(40)}vil` })).includes(
          '\u0353'.repeat(10),
        ),
      ),
  },
  {
    name: '[SBP-02] [OA21-26] a client that calls itself Claude and has its answer sent elsewhere',
    source: 'RFC 7591 §5, MCP security best practices (consent names the redirect)',
    guard: without(
      ui,
      'html`<strong>${host}</strong><span class="note">${text.consent.whereHost}',
      'html`<span class="note">${text.consent.whereHost}',
    ),
    run: async (door) =>
      succeededIf(!(await consentPageOf(door, { client_name: 'Claude' })).includes('evil.example')),
  },
  {
    name: '[OA21-26] a client that calls itself Claude, and nobody says that nobody checked',
    source: 'RFC 7591 §5, OAuth 2.1 §7 (consent phishing)',
    guard: without(server, 'isSelfAsserted: isOneRegistration(client)', 'isSelfAsserted: false'),
    run: async (door) =>
      succeededIf(!(await consentPageOf(door, { client_name: 'Claude' })).includes('nobody has checked')),
  },
  {
    name: '[CIMD-11] a document that names Claude and its callback, published by somebody else',
    source: 'draft-ietf-oauth-client-id-metadata-document-01 §6',
    guard: without(server, "clientIdHost: client.kind === 'document' ?", 'clientIdHost: false ?'),
    async run(_, house) {
      const id = 'https://evil.example/client'
      const document = { client_id: id, client_name: 'Claude', redirect_uris: [claudeCallback] }
      const outboundFetch = async () => ({
        status: 200,
        headers: new Headers({ 'content-type': 'application/json' }),
        text: JSON.stringify(document),
      })
      const door = await house.openDoor({ outboundFetch })
      const { html } = await door.browser().openConsent(authorizeUrl(door, id, pkce().challenge))
      return succeededIf(!html.includes('evil.example'))
    },
  },
  {
    name: '[HS-07] a program on this device that calls itself Claude Code, without a warning',
    source: 'RFC 8252 §8.6, house rule 7',
    guard: without(ui, 'view.client.isLocal ? localWarning(client) :', 'false ? localWarning(client) :'),
    run: async (door) =>
      succeededIf(
        !(
          await consentPageOf(door, {
            client_name: 'Claude Code',
            redirect_uris: ['http://localhost:3118/callback'],
          })
        ).includes('Any program here could say that it is'),
      ),
  },
  {
    name: '[R9700-04] [CIMD-11] a logo that tells the host of a client who looks at its consent page',
    source: 'RFC 9700 §4.2.4; draft-ietf-oauth-client-id-metadata-document-01 §6',
    guard: without(
      ui,
      '<h1>${say.title(client,',
      '<img src="${(view as unknown as { logo: string }).logo ?? "https://evil.example/logo.png"}"><h1>${say.title(client,',
    ),
    run: async (door) =>
      succeededIf(
        /<(?:img|link|iframe|object|video)[^>]+(?:src|href|data)="https?:/i.test(
          await consentPageOf(door, { logo_uri: 'https://evil.example/logo.png' }),
        ),
      ),
  },
]

/** An MCP server that calls its one tool this. */
function upstreamWithTool(house: House, name: string) {
  return house.inProcessUpstream({
    async handler(request) {
      if (request.method !== 'POST') return new Response(null, { status: 405 })
      const message = (await request.json()) as { id?: number; method: string }
      if (message.id === undefined) return new Response(null, { status: 202 })
      const result =
        message.method === 'initialize'
          ? {
              protocolVersion: '2025-11-25',
              capabilities: { tools: {} },
              serverInfo: { name: 'x', version: '1' },
            }
          : { tools: [{ name, title: name, inputSchema: { type: 'object' } }] }
      return Response.json({ jsonrpc: '2.0', id: message.id, result })
    },
  })
}

export const pageAttacks: readonly Attack[] = [...injections, ...disguises]
