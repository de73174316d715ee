// People at a door: each with an account and a browser of their own, who connect and call tools.

import { createLocalUser } from '../../src/identity/providers/local-accounts.ts'
import {
  authorizeUrl,
  type Browser,
  type ConsentForm,
  callMcp,
  claudeCallback,
  type Door,
  pkce,
  readForm,
  register,
  token,
} from '../door.ts'

export interface Visitor {
  username: string
  browser: Browser
  /** Their consent page, signed in. */
  ask(): Promise<Asked>
}

export interface Asked extends ConsentForm {
  /** Posts the form with these values typed in. */
  answer(typed: Record<string, string>): Promise<Answer>
}

export interface Answer {
  status: number
  /** The page, where it is shown again. */
  html: string
  location: URL | undefined
  /** The page that is shown again, to be answered. */
  again(): Asked
  /** Exchanges the code, of this answer or of the one that a detour ended in. */
  connect(last?: Response): Promise<{ accessToken: string; refreshToken: string; clientId: string }>
}

export async function visitor(door: Door, username: string): Promise<Visitor> {
  const password = 'correct horse battery'
  if ((await door.storage.findUserByName(username)) === undefined) {
    const places = { storage: door.storage, clock: () => door.clock.now }
    await createLocalUser(places, { username, password, displayName: username, role: 'member' })
  }
  const browser = door.browser()
  const signIn = await browser.get('/login')
  const form = readForm(await signIn.text())
  form.fields.set('username', username)
  form.fields.set('password', password)
  const signedIn = await browser.post(form.action, form.fields)
  if (signedIn.status !== 303) throw new Error(`${username} could not sign in: ${signedIn.status}`)

  async function ask(): Promise<Asked> {
    const clientId = String((await register(door)).client_id)
    const { verifier, challenge } = pkce()
    const consent = await browser.openConsent(authorizeUrl(door, clientId, challenge))
    return asked(consent)

    function asked(page: ConsentForm): Asked {
      return {
        ...page,
        async answer(typed) {
          const fields = new URLSearchParams(page.fields)
          fields.set('decision', 'approve')
          for (const [name, value] of Object.entries(typed)) fields.set(name, value)
          const response = await browser.post(page.action, fields)
          const html = await response.text()
          const location = response.headers.get('location')
          return {
            status: response.status,
            html,
            location: location === null ? undefined : new URL(location, door.origin),
            again: () => asked({ html, ...readForm(html), response }),
            async connect(last = response) {
              const sentTo = last.headers.get('location')
              const code = new URL(sentTo ?? '', door.origin).searchParams.get('code')
              if (code === null) throw new Error(`no code: ${last.status} ${sentTo}`)
              const answer = await token(door, {
                grant_type: 'authorization_code',
                code,
                client_id: clientId,
                code_verifier: verifier,
                redirect_uri: claudeCallback,
                resource: door.mcpUrl,
              })
              if (answer.status !== 200) throw new Error(JSON.stringify(answer.body))
              const { access_token: accessToken, refresh_token: refreshToken } = answer.body
              return { accessToken: String(accessToken), refreshToken: String(refreshToken), clientId }
            },
          }
        },
      }
    }
  }
  return { username, browser, ask }
}

let calls = 0

/** What the tool `whoami` says, or the status of what was refused. */
export async function whoami(
  door: Door,
  accessToken: string,
  headers: Record<string, string> = {},
): Promise<string | number> {
  // Calls of one client without a session have ids of their own, as Claude's have.
  const call = { id: ++calls, method: 'tools/call', params: { name: 'whoami', arguments: {} } }
  const response = await callMcp(door, accessToken, call, headers)
  if (response.status !== 200) return response.status
  const body = (await response.json()) as {
    result?: { content: { text: string }[] }
    error?: { message: string }
  }
  return body.result?.content[0]?.text ?? body.error?.message ?? 'nothing'
}
