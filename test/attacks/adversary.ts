// What attackers bring along: a callback of their own, links that people follow, and a way to use what was got.

import { createHmac } from 'node:crypto'
import {
  authorizeUrl,
  type Browser,
  type Connection,
  callMcp,
  claudeCallback,
  type Door,
  type Pkce,
  pkce,
  register,
  type TokenAnswer,
  token,
} from '../door.ts'

export const evilCallback = 'https://evil.example/cb'

/** The victim's own, well-known client. */
export async function registerClaude(door: Door): Promise<string> {
  return String((await register(door)).client_id)
}

export async function registerEvil(door: Door, changes: Record<string, unknown> = {}): Promise<string> {
  const client = await register(door, { client_name: 'Evil', redirect_uris: [evilCallback], ...changes })
  return String(client.client_id)
}

export async function isRegistered(door: Door, changes: Record<string, unknown>): Promise<boolean> {
  return register(door, changes).then(
    () => true,
    () => false,
  )
}

/** A person opens the link, signs in and approves; where the browser is sent, or undefined if it stays. */
export async function followLink(
  url: string,
  browser: Browser,
  change?: (form: URLSearchParams) => void,
): Promise<URL | undefined> {
  return browser.approve(url, change).catch(() => undefined)
}

/** True when the link ends on a page that asks for approval. */
export async function asksForConsent(url: string, browser: Browser): Promise<boolean> {
  return browser.openConsent(url).then(
    () => true,
    () => false,
  )
}

export interface CodeInHand extends Pkce {
  clientId: string
  code: string
}

/** As far as the code: approved, on its way to the client, not exchanged. */
export async function obtainCode(
  door: Door,
  changes: Record<string, string | undefined> = {},
  clientId?: string,
): Promise<CodeInHand> {
  const id = clientId ?? (await registerClaude(door))
  const own = pkce()
  const redirect = await door.browser().approve(authorizeUrl(door, id, own.challenge, changes))
  return { ...own, clientId: id, code: redirect.searchParams.get('code') ?? '' }
}

/** At the token endpoint, as the client would, but for what is changed. */
export function redeem(
  door: Door,
  { clientId, code, verifier }: Pick<CodeInHand, 'clientId' | 'code' | 'verifier'>,
  changes: Record<string, string | undefined> = {},
  headers: Record<string, string> = {},
): Promise<TokenAnswer> {
  const form = {
    grant_type: 'authorization_code',
    code,
    client_id: clientId,
    code_verifier: verifier,
    redirect_uri: claudeCallback,
    ...changes,
  }
  return token(door, form, headers)
}

export function refresh(
  door: Door,
  { clientId, refreshToken }: Pick<Connection, 'clientId' | 'refreshToken'>,
  changes: Record<string, string | undefined> = {},
  headers: Record<string, string> = {},
): Promise<TokenAnswer> {
  const form = {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: clientId,
    ...changes,
  }
  return token(door, form, headers)
}

export async function opensMcp(door: Door, accessToken: string): Promise<boolean> {
  const response = await callMcp(door, accessToken, { id: 1, method: 'tools/list' })
  return response.status === 200
}

/** For a list of spellings of which none may pass. */
export async function anyOf<Case>(
  cases: readonly Case[],
  isHarmful: (one: Case) => Promise<boolean>,
): Promise<boolean> {
  for (const one of cases) if (await isHarmful(one)) return true
  return false
}

/** As the source derives it, which everybody can read: HMAC over the parts, each after its length. */
export function derivedWith(key: Buffer, parts: readonly string[]): string {
  const mac = createHmac('sha256', key)
  for (const part of parts) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(Buffer.byteLength(part))
    mac.update(length).update(part)
  }
  return mac.digest('base64url')
}
