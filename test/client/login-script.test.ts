// Sign-ins that are more than a name and a password: a script walks them in Chromium, and says where it cannot go on.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHeadlessBrowser } from '../../src/client/browser-headless-node.ts'
import { readLoginScript } from '../../src/client/login-script.ts'
import { claudeHosted } from '../../src/client/surfaces/index.ts'
import { household, steps } from './connection.ts'
import { type ScriptedServer, startScriptedServer } from './scripted-server.ts'

let provider: Server
let server: ScriptedServer

/** An identity provider in two pages, with a choice and a tick box between, as scripts and links make them. */
const pageOf = (path: string): string =>
  path === '/who'
    ? `<label>Mail <input id="mail"></label><select id="region"><option>US</option><option>EU</option></select>
       <a href="#" onclick="const given = document.querySelector('#mail').value + document.querySelector('#region').value;
         location = '/password' + location.search + '&given=' + given">Next</a>`
    : `<label><input type="checkbox" id="terms"> Terms</label><input id="secret"><div id="go">Enter</div><script>
       document.querySelector('#go').onclick = () => {
         const query = new URLSearchParams(location.search)
         const isRight = query.get('given') === 'ada@example.comEU' && document.querySelector('#terms').checked
         if (!isRight || document.querySelector('#secret').value !== 's3cret') return
         query.delete('given')
         setTimeout(() => {
           document.body.innerHTML = '<p>Almost there</p><a href="${server.origin}/auth?' + query + '">On we go</a>'
         }, 200)
       }</script>`

beforeAll(async () => {
  server = await startScriptedServer()
  provider = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html>${pageOf(pathname)}`)
  })
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
  const { port } = provider.address() as AddressInfo
  server.switches.metadata = { authorization_endpoint: `http://127.0.0.1:${port}/who` }
})

afterAll(async () => {
  provider.closeAllConnections()
  provider.close()
  await server.close()
})

const script = `
# two pages, then the server's own
fill #mail "ada@example.com"
choose #region EU   # where the account is
press Next
tick #terms
fill #secret $LOGIN_SECRET
press #go
wait "Almost there"
press "On we go"
`

test('a script goes through pages that are no form, and its secret is nowhere in the transcript', async () => {
  const lines = readLoginScript(script, { LOGIN_SECRET: 's3cret' })
  const connection = await household(server, claudeHosted).connect({
    browser: createHeadlessBrowser({
      login: undefined,
      script: lines,
      patienceSeconds: 30,
      mayBePrivate: () => true,
    }),
  })
  expect(connection.failure).toBeUndefined()
  expect(steps(connection)).toContain('authorization passed')
  expect(JSON.stringify(connection)).not.toContain('s3cret')
})

test('where it cannot go on it names its line and shows the page', async () => {
  const wrong = readLoginScript('fill #mail x\npress "Nothing of this name"', {})
  const connection = await household(server, claudeHosted).connect({
    browser: createHeadlessBrowser({
      login: undefined,
      script: wrong,
      patienceSeconds: 3,
      mayBePrivate: () => true,
    }),
  })
  expect(connection.failure?.says).toMatch(
    /line 2 of the login script, press "Nothing of this name"|longer than 3 s/,
  )
})

test('what it reads', () => {
  expect(readLoginScript('fill "input[name=q]" "a \\"b\\" c"\n\n  ## nothing\npress $NAME', {})).toEqual([
    { line: 1, verb: 'fill', target: 'input[name=q]', value: 'a "b" c', isSecret: false },
    { line: 4, verb: 'press', target: '$NAME', value: undefined, isSecret: false },
  ])
  expect(readLoginScript('fill #a "$NAME"', {})[0]?.value).toBe('$NAME')
  expect(readLoginScript('fill #a $NAME', { NAME: 'x' })[0]).toMatchObject({ value: 'x', isSecret: true })
})

test.each([
  ['click #a', 'line 1: "click" is none of open, fill'],
  ['fill #a', 'line 1: expected fill <selector> <value>'],
  ['\npress #a b', 'line 2: expected press <what>'],
  ['fill #a b c', 'words with blanks in them need quotes'],
  ['fill #a $MISSING', 'line 1: MISSING is not set in the environment'],
])('%j is refused', (text, says) => {
  expect(() => readLoginScript(text, { MISSING: '' })).toThrow(says)
})
