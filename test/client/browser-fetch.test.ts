// Signing in with plain forms and redirects: what is filled in, what is pressed, and where it stops.

import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { isAtRedirectUri } from '../../src/client/browser.ts'
import { createFetchBrowser } from '../../src/client/browser-fetch.ts'
import { createCookieJar } from '../../src/client/cookie-jar.ts'
import { readHtmlPage, submissionOf } from '../../src/client/html-form.ts'
import { strict } from '../../src/client/surfaces/index.ts'
import { createTranscript } from '../../src/client/transcript.ts'
import { createWire } from '../../src/client/wire.ts'
import { household, login } from './connection.ts'
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts'

let server: ScriptedServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

test('a login page, a cookie, a consent page with tick boxes: signed in as a browser would', async () => {
  server = await startScriptedServer({ pages: true })
  const connection = await household(server, strict).connect()
  expect(connection.failure).toBeUndefined()
  const consent = server.seen.find(({ method, path }) => method === 'POST' && path === '/consent')
  expect([...(consent?.form ?? [])]).toEqual([
    ['scope_read', 'on'],
    ['decision', 'approve'],
  ])
  expect(consent?.headers.get('origin')).toBe(server.origin)
  expect(consent?.headers.get('sec-fetch-site')).toBe('same-origin')
})

test.each([
  [undefined, 'POSTERN_LOGIN=user:password'],
  [{ username: 'ada', password: 'wrong-password' }, 'were not accepted'],
])('a password that is missing or wrong is told, and tried once', async (given, says) => {
  server = await startScriptedServer({ pages: true })
  const connection = await household(server, strict).connect({ browser: createFetchBrowser(given) })
  expect(connection.failure).toMatchObject({ reason: 'sign-in' })
  expect(connection.failure?.says).toContain(says)
  expect(server.seen.filter(({ path }) => path === '/login').length).toBeLessThanOrEqual(1)
})

/** The browser alone, against pages of the test's making. */
async function walk(
  pages: Record<string, (body: string) => Response>,
  asked: string[] = [],
): Promise<{ landed: string; asked: string[] }> {
  const transcript = createTranscript({
    surface: 't',
    url: 'https://as.test',
    clock: () => 0,
    stopwatch: () => 0,
  })
  const wire = createWire({
    transcript,
    signal: undefined,
    fetch: async (input, init) => {
      const url = new URL(String(input))
      asked.push(`${init?.method} ${url.host}${url.pathname}${url.search} ${String(init?.body ?? '')}`.trim())
      const answer = pages[url.pathname]
      return answer === undefined
        ? new Response('nothing here', { status: 404 })
        : answer(String(init?.body ?? ''))
    },
  })
  const landed = await createFetchBrowser(login).visit({
    authorizationUrl: 'https://as.test/auth',
    redirectUri: 'https://claude.ai/api/mcp/auth_callback',
    callback: undefined,
    signal: undefined,
    wire,
    transcript,
  })
  return { landed, asked }
}

const html = (body: string, status = 200): Response =>
  new Response(body, { status, headers: { 'content-type': 'text/html' } })
const to = (location: string, status = 302): Response => new Response(null, { status, headers: { location } })
const back = 'https://claude.ai/api/mcp/auth_callback?code=c0de&state=s'

describe('other servers’ consent pages', () => {
  test.each([
    '<button type="submit" name="action" value="no">No, cancel</button><button type="submit" name="action" value="yes">Yes, continue</button>',
    '<input type="submit" name="action" value="Deny"><input type="submit" name="action" value="Authorize app">',
    '<button>Don’t allow</button><button name="ok" value="1"><span>Allow</span> access</button>',
    '<button value="reject" name="d">Continue without access</button><button name="d" value="accept">Accept</button>',
  ])('%s', async (buttons) => {
    const { landed, asked } = await walk({
      '/auth': () =>
        html(
          `<form method=post action="/decide?x=1&amp;y=2"><input type=hidden name=t value="a&quot;b">${buttons}</form>`,
        ),
      '/decide': () => to(back, 303),
    })
    expect(landed).toBe(back)
    expect(asked[1]).toMatch(/^POST as\.test\/decide\?x=1&y=2 t=a%22b&/)
    expect(asked[1]).not.toMatch(/no|deny|reject/i)
  })

  test('only a refusal is there: nothing is pressed', async () => {
    const walked = walk({ '/auth': () => html('<h1>Well?</h1><form><button>Deny</button></form>') })
    await expect(walked).rejects.toThrow('--browser headless or system): Well? Deny')
  })

  test('a page that goes on by itself, and one whose link is the answer', async () => {
    const { landed } = await walk({
      '/auth': () => html('<meta http-equiv="refresh" content="0;url=/done?a=1&amp;b=2">'),
      '/done': () =>
        html(`<a href="/help">Help</a><a href="${back.replace('&', '&amp;')}">Back to Claude</a>`),
    })
    expect(landed).toBe(back)
  })
})

describe('stops', () => {
  test('at a redirect to what is no web address', async () => {
    await expect(walk({ '/auth': () => to('javascript:alert(1)') })).rejects.toThrow('no web address')
  })
  test('at a form that goes to what is no web address', async () => {
    const form = '<form action="javascript:alert(1)"><button>Allow</button></form>'
    await expect(walk({ '/auth': () => html(form) })).rejects.toThrow('no web address')
  })
  test('at an error page, in its own words', async () => {
    await expect(walk({ '/auth': () => html('<p>Unknown <b>client</b></p>', 400) })).rejects.toThrow(
      'status 400: Unknown client',
    )
  })
  test('in a circle', async () => {
    await expect(walk({ '/auth': () => to('/auth') })).rejects.toThrow('30 pages and redirects')
  })
  test('at a host that only looks like the callback', async () => {
    const lookalike = 'https://claude.ai/api/mcp/auth_callback.evil?code=c0de'
    await expect(walk({ '/auth': () => to(lookalike) })).rejects.toThrow('404')
    expect(isAtRedirectUri(back, 'https://claude.ai/api/mcp/auth_callback')).toBe(true)
  })
})

describe('the password is typed and sent only where the authorization endpoint is [SBP-08]', () => {
  const loginPage = (action: string): Response =>
    html(`<form method="post" action="${action}"><input name="user"><input type="password" name="p"></form>`)

  test.each<[string, Record<string, (body: string) => Response>]>([
    [
      'a redirect to a login page elsewhere',
      { '/auth': () => to('https://evil.test/login'), '/login': () => loginPage('/login') },
    ],
    ['a form that goes elsewhere', { '/auth': () => loginPage('https://evil.test/login') }],
    [
      'a redirect that keeps the form',
      { '/auth': () => loginPage('/login'), '/login': () => to('https://evil.test/keep', 307) },
    ],
  ])('%s', async (_, pages) => {
    const asked: string[] = []
    await expect(walk(pages, asked)).rejects.toThrow('sign-in leads to https://evil.test')
    expect(asked.filter((line) => line.includes('evil.test') && line.includes(login.password))).toEqual([])
  })

  test('another page of the same host is where it belongs', async () => {
    const { asked } = await walk({
      '/auth': () => to('/login'),
      '/login': (body) => (body === '' ? loginPage('/login') : to(back, 303)),
    })
    expect(asked.at(-1)).toBe(`POST as.test/login user=ada&p=${login.password}`)
  })
})

describe('forms', () => {
  test('fields as a browser sends them', () => {
    const [form] = readHtmlPage(`<!-- <form action=/no></form> --><script>'<form action=/no>'</script>
      <form action="/go" method=POST><input name=a value='1'><input type=checkbox name=b><input type=checkbox name=c checked>
      <input type=radio name=d value=x><input type=radio name=d value=y checked><select name=e><option value=1>One<option selected>Two</select>
      <textarea name=f>&lt;hi&gt;</textarea><input name=g disabled value=no><input value=nameless><button name=h value=i>Go</button></form>`).forms
    expect(form?.action).toBe('/go')
    expect(submissionOf(form ?? ({} as never), form?.buttons[0], new Map([['a', 'new']])).toString()).toBe(
      'a=new&c=on&d=y&e=Two&f=%3Chi%3E&h=i',
    )
  })

  test('no page makes it throw, and none is read more than once', () => {
    const bits = [
      '<form',
      '<input ',
      'name="',
      "'",
      '"',
      '>',
      '</form>',
      '<button',
      '=',
      '&#x',
      ';',
      '<!--',
      'a',
      ' ',
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...bits), { maxLength: 80 }), (parts) => {
        expect(Array.isArray(readHtmlPage(parts.join('')).forms)).toBe(true)
      }),
    )
    // Of these a reader that looks ahead for every tag's end would not be back before the test's time is over.
    expect(readHtmlPage(`<form>${'<input "'.repeat(200_000)}`).forms).toHaveLength(1)
    expect(readHtmlPage('<form><button>'.repeat(100_000)).forms).toHaveLength(100_000)
    expect(readHtmlPage('<script>'.repeat(200_000)).text).toBe('')
    expect(readHtmlPage('<!--'.repeat(200_000)).text).toBe('')
    expect(readHtmlPage(`<a b='${'=" '.repeat(200_000)}`).links).toEqual([])
  })
})

describe('cookies', () => {
  const headers = (...lines: string[]): Headers => {
    const made = new Headers()
    for (const line of lines) made.append('set-cookie', line)
    return made
  }

  test('go back to their host, path and scheme, and no further', () => {
    const jar = createCookieJar()
    jar.store(
      'https://as.example/login/form',
      headers('a=1; Secure; HttpOnly', 'b=2; Path=/', 'c=3; Domain=.example; Path=/'),
    )
    expect(jar.header('https://as.example/login/next')).toBe('a=1; b=2; c=3')
    expect(jar.header('https://as.example/other')).toBe('b=2; c=3')
    expect(jar.header('http://as.example/login/x')).toBe('b=2; c=3')
    expect(jar.header('https://other.example/')).toBe('c=3')
    expect(jar.header('https://evil.test/')).toBeUndefined()
  })

  test('are replaced and deleted; another host’s are not taken', () => {
    const jar = createCookieJar()
    jar.store('https://as.example/', headers('a=1', 'b=1', 'x=1; Domain=claude.ai'))
    jar.store('https://as.example/', headers('a=2', 'b=; Max-Age=0'))
    expect(jar.header('https://as.example/')).toBe('a=2')
    expect(jar.header('https://claude.ai/')).toBeUndefined()
  })
})
