/** Pages as pure functions: what strangers write stays words, each page obeys its own policy, and what a person must be told is there. */

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { galleryPieces, sampleConsent } from '../../scripts/gallery.ts'
import { type ConsentView, consentPage } from '../../src/ui/consent.ts'
import { errorPage } from '../../src/ui/error.ts'
import { homePage } from '../../src/ui/home.ts'
import { formActionTo, pageHeaders, pageResponse } from '../../src/ui/layout.ts'
import { html, markupText, outsideWords } from '../../src/ui/markup.ts'
import { connectorSlug, shellWord } from '../../src/ui/steps.ts'

const pieces = galleryPieces()

test('a command in a sentence about a setting is shown as one', () => {
  const settings = pieces.find(({ name }) => name === 'console-settings')?.page.html
  expect(settings).toContain('made by <code>postern clients create</code> may connect')
})

describe('words of strangers', () => {
  test('whatever they are, the page has the same elements and attributes', () => {
    const words = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom(
        '"><script>alert(1)</script>',
        "' onmouseover='x",
        '</bdi></form>',
        '&lt;b&gt;',
        '<!--',
      ),
    )
    const plain = elementsOf(consentPage(consentWith('plain')).html)
    fc.assert(
      fc.property(words, (text) => {
        expect(elementsOf(consentPage(consentWith(text)).html)).toEqual(plain)
      }),
      { numRuns: 300 },
    )
  })

  test('error pages quote, and do not obey', () => {
    const view = { brand: { name: '<b>P</b>' }, homePath: '/', errorId: '<i>id</i>' }
    const page = errorPage({ ...view, problem: { kind: 'bad-request', says: '<a href=x>"click"</a>' } })
    expect(page.html).not.toMatch(/<(b|i|a href=x)>/)
    expect(page.html).toContain('&lt;a href=x&gt;&quot;click&quot;&lt;/a&gt;')
  })

  test.each([
    ['a right-to-left override', '\u202eedualC\u202c', 'edualC'],
    ['isolates and marks', '\u2066\u2067a\u2069\u200e\u200f\u061cb', 'ab'],
    ['invisible characters', 'Cl\u200bau\ufeffde\u00ad\u2060', 'Claude'],
    ['blanks without an advance', 'Claude\u3164\u115f\u2800', 'Claude'],
    ['tag characters', 'Claude\u{e0041}\u{e0042}', 'Claude'],
    ['line breaks and controls', 'Claude\n\r\u2028\u0000\u001b[31m', 'Claude [31m'],
    ['towers of accents', `Z${'\u0334'.repeat(40)}`, `Z${'\u0334'.repeat(3)}`],
    ['only invisible ones', '\u200b\u202e', ''],
    ['what Persian and emoji need', 'می\u200cخواهم 👩\u200d💻', 'می\u200cخواهم 👩\u200d💻'],
  ])('%s', (_, text, shown) => {
    expect(outsideWords(text, 80)).toBe(shown)
  })

  test('long ones are cut between characters, never inside one', () => {
    expect(outsideWords('👩'.repeat(100), 10)).toBe(`${'👩'.repeat(9)}…`)
    expect([...outsideWords('x'.repeat(100_000), 60)]).toHaveLength(60)
    expect(outsideWords('exactly ten', 11)).toBe('exactly ten')
  })

  test('a client without a visible name is called that', () => {
    const page = consentPage({ ...sampleConsent, client: { ...sampleConsent.client, name: '\u202e \u200b' } })
    expect(words(page.html)).toContain('A client without a name asks to use Everything')
  })

  test('markup that would have to wait is a mistake of the programmer', () => {
    expect(() => markupText(html`${Promise.resolve('later')}`)).toThrow(TypeError)
  })
})

/** An empty one leads to the page itself. Links of clients open a dialog in which the person confirms, those of a story lead to who has seen it before; they are followed only when they are clicked. */
const ownOrOfClient =
  /^($|\/|https:\/\/claude\.ai\/customize\/connectors(\?modal=add-custom-connector&amp;connectorName=[^&]*&amp;connectorUrl=https%3A[^&]*)?$|https:\/\/(github\.com|claude\.com|platform\.claude\.com)\/[\w./-]+$|cursor:\/\/anysphere\.cursor-deeplink\/mcp\/install\?|vscode:mcp\/install\?)/

describe.each(pieces)('the page $name', ({ page }) => {
  test('allows exactly the style and script it holds, and nothing from elsewhere [OA21-24] [CIMD-11]', () => {
    const csp = directives(page.csp)
    expect(csp.get('default-src')).toEqual(["'none'"])
    expect(csp.get('frame-ancestors')).toEqual(["'none'"])
    expect(csp.get('base-uri')).toEqual(["'none'"])
    expect(csp.get('style-src')).toEqual(hashesOf(page.html, 'style'))
    expect(csp.get('script-src') ?? []).toEqual(hashesOf(page.html, 'script'))
    expect(csp.get('img-src')).toEqual(['data:'])
    expect(page.csp).not.toMatch(/unsafe|\*|http:(?!\/)/)
    expect(page.html).not.toMatch(/\s(style|on[a-z]+)="/i)
    expect(page.html).not.toMatch(
      /<(img(?! src="data:image\/)|iframe|object|embed|base|link rel="stylesheet|script src)/i,
    )
    const links = [...page.html.matchAll(/<a[^>]* href="([^"]*)"/g)].map(([, href = '']) => href)
    for (const href of links) expect(href).toMatch(ownOrOfClient)
  })

  test('names its language, has one first heading and no level left out, and labels its fields', () => {
    expect(page.html).toMatch(/^<!doctype html>\n<html lang="en" dir="(?:ltr|rtl)">/)
    expect(page.html).toMatch(/<title>[^<]+ · [^<]+<\/title>/)
    const levels = [...page.html.matchAll(/<h([1-6])\b/g)].map(([, level]) => Number(level))
    expect(levels.filter((level) => level === 1)).toEqual([1])
    levels.reduce((before, level) => {
      expect(level).toBeLessThanOrEqual(before + 1)
      return level
    }, 0)
    const ids = [...page.html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const labelled = new Set([...page.html.matchAll(/<label for="([^"]*)"/g)].map(([, id]) => id))
    for (const [input] of page.html.matchAll(/<input\b[^>]*>/g)) {
      if (input.includes('type="hidden"')) continue
      expect(labelled.has(/\sid="([^"]*)"/.exec(input)?.[1])).toBe(true)
      for (const id of (/aria-describedby="([^"]*)"/.exec(input)?.[1] ?? '').split(' ').filter(Boolean))
        expect(ids).toContain(id)
    }
  })

  test('weighs less than 60 kB', () => {
    expect(new TextEncoder().encode(page.html).length).toBeLessThan(60_000)
  })

  test('every form carries a CSRF token and posts [SBP-02]', () => {
    for (const [form] of page.html.matchAll(/<form\b.*?<\/form>/gs)) {
      // What only chooses what is shown changes nothing.
      if (/^<form[^>]* method="get" action="\/console\/audit"/.test(form)) continue
      expect(form).toMatch(/^<form[^>]* method="post"/)
      expect(form).toMatch(/<input type="hidden" name="csrf" value="[^"]+">/)
    }
    if (!page.html.includes('<form')) expect(directives(page.csp).get('form-action')).toEqual(["'none'"])
  })
})

test('the headers forbid frames, storing and sniffing, and leave popups alone [OA21-24] [SBP-02] [ASU-15]', () => {
  const page = consentPage(sampleConsent)
  const headers = pageHeaders(page)
  expect(Object.fromEntries(headers)).toEqual({
    'cache-control': 'no-store',
    'content-security-policy': page.csp,
    'content-type': 'text/html; charset=utf-8',
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  })
  const response = pageResponse(page, 403)
  expect([response.status, response.headers.get('x-frame-options')]).toEqual([403, 'DENY'])
})

describe('form-action towards the client [ASU-15]', () => {
  test.each([
    [
      'https://claude.ai/api/mcp/auth_callback',
      ["'self'", 'https://claude.ai', 'https://claude.com', 'claude:'],
    ],
    [
      'https://claude.com/api/mcp/auth_callback',
      ["'self'", 'https://claude.ai', 'https://claude.com', 'claude:'],
    ],
    ['http://localhost:53682/callback', ["'self'", 'http://localhost:53682']],
    ['http://127.0.0.1:6276/oauth/callback', ["'self'", 'http://127.0.0.1:6276']],
    ['http://localhost/callback', ["'self'", 'http://localhost']],
    ['http://[::1]:6276/callback', ["'self'", 'http:']],
    ['claude://oauth/callback', ["'self'", 'claude:']],
    ['com.example.app:/callback', ["'self'", 'com.example.app:']],
    ['https://app.example:8443/cb?x=1', ["'self'", 'https://app.example:8443']],
    ['https://bücher.example/cb', ["'self'", 'https://xn--bcher-kva.example']],
    ["https://evil.example;script-src'unsafe-inline'/cb", ["'self'"]],
    ['https://a,b.example/cb', ["'self'"]],
    ["https://'self'.example/cb", ["'self'"]],
    ['https://claude.ai.evil.example/cb', ["'self'", 'https://claude.ai.evil.example']],
    ['https://claude.ai@evil.example/cb', ["'self'", 'https://evil.example']],
    ['not a url', ["'self'"]],
    [undefined, ["'self'"]],
  ])('%s', (redirectUri, sources) => {
    expect(formActionTo(redirectUri)).toEqual(sources)
  })
})

describe('the consent page', () => {
  test('says who asks, where the answer goes, for what, and as whom [SBP-02] [OA21-26]', () => {
    const page = words(consentPage(sampleConsent).html)
    expect(page).toContain('Claude asks to use Everything')
    expect(page).toContain('Asked by Claude Published by claude.ai , as that site confirms.')
    expect(page).toContain('Answer goes to claude.ai')
    expect(page).toContain('Connector Everything https://mcp.example.com/mcp')
    expect(page).toContain('You are Ada Lovelace ( ada )')
    expect(page).not.toContain('program on this device')
  })

  test.each([
    [{ isSelfAsserted: true, clientIdHost: undefined }, 'It chose this name itself'],
    [{ isSelfAsserted: false, clientIdHost: undefined }, 'Registered by the operator'],
    [{ isSelfAsserted: true, clientIdHost: 'app.example' }, 'Published by app.example'],
  ])('%j: %s', (changes, sentence) => {
    const client = { ...sampleConsent.client, ...changes }
    expect(words(consentPage({ ...sampleConsent, client }).html)).toContain(sentence)
  })

  test('shows the redirect host, and warns of programs on this device [AUTH-2025-11-25-15]', () => {
    const client = {
      name: 'Claude Code',
      isSelfAsserted: true,
      clientIdHost: undefined,
      redirectHost: 'localhost:53682',
      isLocal: true,
    }
    const page = words(consentPage({ ...sampleConsent, client }).html)
    expect(page).toContain('Answer goes to A program on this device Through localhost:53682')
    expect(page).toContain('Any program here could say that it is Claude Code')
    const remote = words(
      consentPage({ ...sampleConsent, client: { ...client, isLocal: false, redirectHost: 'app.example' } })
        .html,
    )
    expect(remote).toContain('Answer goes to app.example')
    expect(remote).not.toContain('Any program here')
  })

  test('has Approve as the first button of its form, so that Enter approves', () => {
    const form = consentForm(consentPage(sampleConsent).html)
    const buttons = [...form.matchAll(/<button[^>]*>/g)].map(([button]) => button)
    expect(buttons).toEqual([
      expect.stringContaining('type="submit" name="decision" value="approve"'),
      expect.stringContaining('type="submit" name="decision" value="deny"'),
    ])
  })

  test('has a box for each optional scope, as checked as it is asked for, and a fixed line for the others', () => {
    const [read, write] = sampleConsent.scopes
    if (read === undefined || write === undefined) throw new Error('two sample scopes')
    const form = consentForm(
      consentPage({
        ...sampleConsent,
        scopes: [read, write, { ...write, name: 'admin', checked: false }],
      }).html,
    )
    const boxes = [...form.matchAll(/<input type="checkbox"[^>]*>/g)].map(([box]) => box)
    expect(boxes).toEqual([
      expect.stringMatching(/name="scope" value="write"[^>]* checked>$/),
      expect.stringMatching(/name="scope" value="admin"[^>]*(?<! checked)>$/),
    ])
    expect(form).not.toContain('value="read"')
    expect(words(form)).toContain('Look things up Always included')
  })

  test('lists the tools under the scope that allows them, and folds long lists away', () => {
    const form = consentForm(consentPage(sampleConsent).html)
    const [reading = '', writing = ''] = form.split('<div class="scope">').slice(1)
    expect(reading).toContain('<summary>6 tools that only read</summary>')
    expect(reading).toContain('get-sum')
    expect(reading).not.toContain('delete-note')
    expect(writing).not.toContain('<details>')
    expect(words(writing)).toContain('Delete a note delete-note may delete or overwrite')
    expect(words(writing).match(/may delete/g)).toHaveLength(1)
  })

  test('says so when the tools are not known, and when there are none', () => {
    expect(words(consentPage({ ...sampleConsent, tools: undefined }).html)).toContain('has not said yet')
    expect(words(consentPage({ ...sampleConsent, tools: [] }).html)).toContain('No tools at the moment')
  })

  test('offers to sign in as somebody else in a form of its own', () => {
    const forms = consentPage(sampleConsent).html.match(/<form\b.*?<\/form>/gs) ?? []
    expect(forms).toHaveLength(2)
    expect(forms[0]).toContain('action="/logout"')
    expect(forms[0]).toContain('name="then" value="/oauth/authorize?request=sample"')
    expect(forms[0]).not.toContain('name="decision"')
  })
})

describe('the page for a client that is not known any more [HS-04]', () => {
  const page = (name: string, url: string): string => {
    const problem = { kind: 'unknown-client', connector: { name, url } } as const
    return errorPage({ brand: { name: 'Postern' }, homePath: '/', errorId: 'id-1', problem }).html
  }

  test('names the steps of each client to remove and add', () => {
    const shown = words(page('My Notes!', 'https://mcp.example.com/mcp'))
    expect(shown).toContain('claude mcp remove my-notes')
    expect(shown).toContain('claude mcp add --transport http my-notes https://mcp.example.com/mcp')
    expect(shown).toContain('/mcp')
    expect(shown).toContain('Customize › Connectors')
    expect(shown).toContain('Any other client')
    expect(shown).toContain('Error id-1')
  })

  test('its commands are safe to paste', () => {
    const hostile = page('`rm -rf`', "https://mcp.example.com/mcp?a=$(id)&b='")
    expect(words(hostile)).toContain("claude mcp add --transport http rm-rf 'https://")
    expect(shellWord("a'b $(c)")).toBe(`'a'\\''b $(c)'`)
    expect(shellWord('https://a.example/mcp')).toBe('https://a.example/mcp')
    expect(connectorSlug('Ünïcode  Töols')).toBe('u-ni-code-to-ols')
    expect(connectorSlug('日本')).toBe('connector')
  })
})

describe('the home page', () => {
  const connector = { name: 'Notes', url: 'https://mcp.example.com/mcp' }

  test('tells a visitor the address and how each client takes it', () => {
    const page = words(
      homePage({
        ...at('https://mcp.example.com'),
        brand: { name: 'Postern' },
        connectors: [connector],
        needsSetup: false,
      }).html,
    )
    expect(page).toContain('Connector address https://mcp.example.com/mcp')
    expect(page).toContain('claude mcp add --transport http notes https://mcp.example.com/mcp')
    for (const client of ['claude.ai and Claude Desktop', 'Claude on a phone', 'Claude Code', 'Inspector'])
      expect(page).toContain(client)
    expect(page).toContain('The Free plan has room for one custom connector')
    expect(page).not.toContain('Only reachable from this computer')
    expect(page).not.toContain('no account yet')
  })

  test('of several names each with its address, and the command for each', () => {
    const connectors = [connector, { name: 'Calendar', url: 'https://mcp.example.com/calendar' }]
    const page = words(
      homePage({
        ...at('https://mcp.example.com'),
        brand: { name: 'Our tools' },
        connectors,
        needsSetup: false,
      }).html,
    )
    expect(page).toContain('Connect Claude to Our tools')
    expect(page).toContain('Notes https://mcp.example.com/mcp')
    expect(page).toContain('Calendar https://mcp.example.com/calendar')
    expect(page).toContain('claude mcp add --transport http calendar https://mcp.example.com/calendar')
  })

  test('without an address that is for everybody says whom to ask', () => {
    const page = words(
      homePage({
        ...at('https://mcp.example.com'),
        brand: { name: 'Our tools' },
        connectors: [],
        needsSetup: false,
      }).html,
    )
    expect(page).toContain('the address that whoever runs this server gave you')
  })

  test.each(['http://localhost:8787/mcp', 'http://127.0.0.1:8787/mcp', 'http://[::1]:8787/mcp'])(
    'says of %s that the hosted clients cannot reach it',
    (url) => {
      const view = {
        ...at(new URL(url).origin),
        brand: { name: 'Postern' },
        connectors: [{ name: 'Notes', url }],
        needsSetup: true,
      }
      const page = words(homePage(view).html)
      expect(page).toContain('Only reachable from this computer')
      expect(page).toContain('no account yet')
    },
  )
})

function at(origin: string) {
  return { pageUrl: `${origin}/` }
}

function consentWith(text: string): ConsentView {
  return {
    ...sampleConsent,
    brand: { name: `p${text}` },
    client: {
      name: `c${text}`,
      isSelfAsserted: true,
      clientIdHost: undefined,
      redirectHost: `h${text}`,
      isLocal: true,
    },
    connector: { name: `n${text}`, url: `u${text}` },
    user: { username: `u${text}`, displayName: `d${text}` },
    scopes: sampleConsent.scopes.map((scope) => ({
      ...scope,
      label: `l${text}`,
      explanation: `e${text}`,
    })),
    tools: [{ name: `n${text}`, title: `t${text}`, scope: 'write', readOnly: false, destructive: true }],
    csrf: `c${text}`,
    action: `/a${text}`,
  }
}

/** Names of elements and of their attributes, in order; not what the attributes hold. */
function elementsOf(page: string): string[] {
  const tag = /<\/?([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*\/?>/gi
  return [...page.matchAll(tag)].map(
    ([, name, attributes = '']) => `${name}${attributes.replace(/="[^"]*"/g, '').replace(/\s+/g, ' ')}`,
  )
}

/** What a person reads. */
function words(page: string): string {
  return page
    .replace(/<(style|script)>.*?<\/\1>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
}

function consentForm(page: string): string {
  return (page.match(/<form\b.*?<\/form>/gs) ?? []).find((form) => form.includes('name="decision"')) ?? ''
}

function directives(csp: string): Map<string, string[]> {
  return new Map(
    csp.split('; ').map((directive) => {
      const [name = '', ...sources] = directive.split(' ')
      return [name, sources]
    }),
  )
}

function hashesOf(page: string, element: 'style' | 'script'): string[] {
  const contents = [...page.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'gs'))]
  return contents.map(
    ([, content = '']) => `'sha256-${createHash('sha256').update(content).digest('base64')}'`,
  )
}
