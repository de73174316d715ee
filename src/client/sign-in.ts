/** How a surface comes by a token, keeps it and gives it back: the steps from discovery to the token endpoint, refresh, revocation. */

import { type AuthorizedCode, authorize, chooseScope } from './authorization.ts'
import type { CallbackListener } from './browser.ts'
import { ConnectFailure } from './connect-failure.ts'
import type { RegisteredClient } from './connection-state.ts'
import { type Discovery, discover, discoverAgain } from './discovery.ts'
import type { Flow } from './flow.ts'
import { obtainClient } from './registration.ts'
import { isSafeEndpoint } from './safe-endpoint.ts'
import type { DiscoveryPass } from './surface.ts'
import { exchangeCode, refreshTokens, revokeTokens, type TokenOutcome, TokenRefusal } from './tokens.ts'
import type { OpenStep, StepName } from './transcript.ts'

/** From the challenge to a token. Throws `ConnectFailure`. */
export async function signIn(flow: Flow): Promise<void> {
  const { maximumSignIns } = flow.surface.challenges
  if (maximumSignIns === 0) {
    const says = `${flow.surface.title} is called with a token, and signs nobody in`
    throw new ConnectFailure(flow.until === undefined ? 'sign-in' : 'stopped', says)
  }
  if (flow.signIns >= maximumSignIns) {
    throw new ConnectFailure(
      'sign-in',
      `the server still refuses after ${flow.signIns} sign-ins, no more are made`,
    )
  }
  flow.signIns += 1
  const discovery = await discoverForSignIn(flow)
  stopAfter(flow, 'discovery')
  const scope = chooseScope(flow, discovery)
  const redirect = await openRedirect(flow)
  try {
    await signInAt(flow, discovery, { ...redirect, scope })
  } finally {
    await redirect.callback?.close()
  }
  flow.memory.stepUpScope = undefined
  await flow.remember()
}

interface Redirect {
  redirectUri: string
  callback: CallbackListener | undefined
}

async function signInAt(
  flow: Flow,
  discovery: Discovery,
  asked: Redirect & { scope: string | undefined },
): Promise<void> {
  const client = await obtainClientStep(flow, discovery, asked)
  stopAfter(flow, 'registration')
  const code = await authorizeStep(flow, discovery, client, asked)
  try {
    await exchangeStep(flow, discovery, client, code)
  } catch (error) {
    if (!isClientUnknown(error) || client.origin !== 'registration') throw error
    // `invalid_client` means: forget this id and register again (documented for Claude, 2025).
    await forgetClient(flow, discovery.issuer)
    const anew = await obtainClientStep(flow, discovery, asked)
    await exchangeStep(flow, discovery, anew, await authorizeStep(flow, discovery, anew, asked))
  }
}

/** Throws `ConnectFailure` of the reason `stopped` when no more was wanted. */
export function stopAfter(flow: Flow, done: NonNullable<Flow['until']>): void {
  if (flow.until === done) throw new ConnectFailure('stopped', `no more than ${done} was asked for`)
}

async function discoverForSignIn(flow: Flow): Promise<Discovery> {
  const [first, ...further] = flow.surface.discovery.signInPasses
  const hasOldTokens = flow.memory.tokens !== undefined
  if (!hasOldTokens || flow.surface.challenges.revocation === undefined) {
    return discoverStep(flow, first, further)
  }
  const found = await discoverStep(flow, first, [])
  await revoke(flow)
  const [second, ...rest] = further
  return second === undefined ? found : discoverStep(flow, second, rest)
}

function discoverStep(
  flow: Flow,
  first: DiscoveryPass,
  further: readonly DiscoveryPass[],
): Promise<Discovery> {
  return inStep(flow, 'discovery', 'Find the authorization server', async (step) => {
    let found = await discover(flow, first)
    for (const pass of further) found = await discover(flow, pass)
    flow.discovery = found
    const how = found.isGuessed
      ? 'no metadata was found, so that its endpoints are guessed'
      : 'its metadata is usable'
    step.passed(`${found.issuer}: ${how}`, found.tolerated)
    return found
  })
}

async function openRedirect(flow: Flow): Promise<Redirect> {
  const rules = flow.surface.identity.redirect
  if (rules.kind === 'fixed') return { redirectUri: rules.uri, callback: undefined }
  if (flow.openCallback === undefined) {
    throw new ConnectFailure(
      'sign-in',
      'this surface takes the answer on this machine, and nothing can listen here',
    )
  }
  const configured = flow.configuredClient === undefined ? rules.port : (rules.configuredPort ?? rules.port)
  const callback = await flow.openCallback({
    host: rules.host,
    path: rules.path,
    preferredPort: flow.memory.callbackPort ?? configured,
  })
  flow.memory.callbackPort = callback.port
  return { redirectUri: `http://${rules.host}:${callback.port}${rules.path}`, callback }
}

function obtainClientStep(
  flow: Flow,
  discovery: Discovery,
  asked: { redirectUri: string; scope: string | undefined },
): Promise<RegisteredClient> {
  return inStep(flow, 'registration', 'Get a client id', async (step) => {
    const client = await obtainClient(flow, discovery, asked)
    const ways = {
      configured: 'the client id that was given',
      'metadata-document': 'the client id is the address of a metadata document',
      registration: 'the server registered the client',
    }
    step.passed(`${ways[client.origin]}: ${client.clientId}`)
    return client
  })
}

function authorizeStep(
  flow: Flow,
  discovery: Discovery,
  client: RegisteredClient,
  asked: Redirect & { scope: string | undefined },
): Promise<AuthorizedCode> {
  return inStep(flow, 'authorization', 'Sign in and consent', async (step) => {
    const code = await authorize(flow, discovery, client, asked)
    const scope =
      asked.scope === undefined ? 'no scope was asked for' : `asked for ${JSON.stringify(asked.scope)}`
    step.passed(`the browser came back with a code; ${scope}`)
    return code
  })
}

function exchangeStep(
  flow: Flow,
  discovery: Discovery,
  client: RegisteredClient,
  code: AuthorizedCode,
): Promise<void> {
  return inStep(flow, 'token', 'Exchange the code', async (step) => {
    flow.discovery = await discoverAgain(flow, discovery)
    const outcome = await exchangeCode(flow, flow.discovery, client, code)
    step.passed(describe(flow, outcome), outcome.tolerated)
  })
}

function describe(flow: Flow, { tokens }: TokenOutcome): string {
  const left =
    tokens.expiresAt === undefined ? 'without a lifetime' : `for ${tokens.expiresAt - flow.clock()} seconds`
  const refresh = tokens.refreshToken === undefined ? 'no refresh token' : 'a refresh token'
  const scope = tokens.scope === undefined ? '' : `, scope ${JSON.stringify(tokens.scope)}`
  return `an access token ${left}, ${refresh}${scope}`
}

/**
 * Renews the token. True when there is a new one; false when the old is gone, so that a person has to sign in.
 * Throws `ConnectFailure` for anything that neither would mend.
 */
export async function refresh(flow: Flow): Promise<boolean> {
  const step = flow.transcript.step('refresh', 'Refresh the token')
  try {
    const tokens = flow.memory.tokens
    if (tokens?.refreshToken === undefined) return await giveUp('the server gave no refresh token')
    const { pass } = flow.surface.refresh
    flow.discovery =
      pass === undefined && flow.discovery !== undefined
        ? flow.discovery
        : await discover(flow, pass ?? { stage: 'discovery', order: 'resource-first' })
    const { issuer, metadata } = flow.discovery
    // AUTH-2026-07-28-09: what one issuer gave is never shown to another.
    if (issuer !== tokens.issuer)
      return await giveUp(`the token is of ${tokens.issuer}, the server now names ${issuer}`)
    const client = clientOf(flow, issuer)
    if (client === undefined) return await giveUp('the client that the token was given to is no longer known')
    const outcome = await refreshTokens(flow, metadata, issuer, client, tokens)
    step.passed(describe(flow, outcome), outcome.tolerated)
    return true
  } catch (error) {
    if (error instanceof TokenRefusal && error.code === 'invalid_grant') {
      return await giveUp(`${error.message}; the refresh token is dead, a person has to sign in`)
    }
    if (isClientUnknown(error)) {
      const issuer = flow.memory.tokens?.issuer
      if (issuer !== undefined) await forgetClient(flow, issuer)
      return await giveUp(`${error.message}; the client is forgotten and will register again`)
    }
    failStep(step, error)
    throw error
  }

  async function giveUp(says: string): Promise<false> {
    flow.memory.tokens = undefined
    await flow.remember()
    step.failed(says)
    return false
  }
}

/** Claude Code's way out: metadata from the root again, then both tokens (recorded 2026-11). What goes wrong here stops nothing. */
export async function revoke(flow: Flow): Promise<void> {
  const step = flow.transcript.step('revocation', 'Revoke the old tokens')
  const tokens = flow.memory.tokens
  const pass = flow.surface.challenges.revocation ?? flow.surface.discovery.signInPasses[0]
  try {
    if (tokens === undefined) return step.skipped('no token is remembered')
    const discovery = await discover(flow, pass)
    const endpoint = discovery.metadata.revocation_endpoint
    const client = clientOf(flow, tokens.issuer)
    if (discovery.issuer !== tokens.issuer || client === undefined)
      return step.skipped('the tokens are of another issuer')
    if (endpoint === undefined || !isSafeEndpoint(endpoint)) {
      return step.skipped('the server has no revocation endpoint that a token could be sent to')
    }
    const statuses = await revokeTokens(flow, endpoint, client, tokens)
    if (statuses.every((status) => status === 200)) step.passed('both are revoked')
    else step.failed(`the revocation endpoint answered ${statuses.join(' and ')}`)
  } catch (error) {
    failStep(step, error)
  } finally {
    flow.memory.tokens = undefined
    await flow.remember()
  }
}

function clientOf(flow: Flow, issuer: string): RegisteredClient | undefined {
  if (flow.configuredClient !== undefined) {
    return { ...flow.configuredClient, authMethod: undefined, origin: 'configured', redirectUri: '' }
  }
  return flow.memory.clients[issuer]
}

async function forgetClient(flow: Flow, issuer: string): Promise<void> {
  delete flow.memory.clients[issuer]
  await flow.remember()
}

/** The TypeScript SDK drops the client for both codes. */
function isClientUnknown(error: unknown): error is TokenRefusal {
  return error instanceof TokenRefusal && ['invalid_client', 'unauthorized_client'].includes(error.code)
}

async function inStep<T>(
  flow: Flow,
  name: StepName,
  title: string,
  work: (step: OpenStep) => Promise<T>,
): Promise<T> {
  const step = flow.transcript.step(name, title)
  try {
    return await work(step)
  } catch (error) {
    failStep(step, error)
    throw error
  }
}

function failStep(step: OpenStep, error: unknown): void {
  const problems = error instanceof ConnectFailure ? error.problems : []
  step.failed(error instanceof Error ? error.message : String(error), problems)
}
