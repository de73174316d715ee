// Stolen, guessed and injected authorization codes, and what PKCE keeps them from.

import { createHash } from 'node:crypto'
import { authorizeUrl, type Door, pkce, token } from '../door.ts'
import { anyOf, asksForConsent, obtainCode, opensMcp, redeem, registerClaude } from './adversary.ts'
import { type Attack, type Mutant, succeededIf, without } from './attack.ts'

const server = 'authorization-server/'
const oauth = 'oauth/'

const memory = 'storage/memory/'

const challengeRequired = without(
  oauth,
  'if (codeChallenge === undefined) {',
  'if (codeChallenge === undefined) return []; if (false) {',
)
const verifierRequired = without(
  server,
  'const problems = codeVerifierProblems(request.codeVerifier)',
  'if (request.codeVerifier === undefined) return; const problems = codeVerifierProblems(request.codeVerifier)',
)
const onlyS256 = without(oauth, 'if (codeChallengeMethod !== challengeMethod) {', 'if (false) {')
const takenOnce = without(memory, "if (code?.grantId !== undefined) return 'already-taken'")
const replayRefused = without(server, 'if (code.grantId === undefined) return', 'if (true) return')

function verifiedBy(expression: string): Mutant {
  return without(
    oauth,
    'return equalInConstantTime(formatCodeChallenge(verifier), challenge)',
    `return ${expression}`,
  )
}

const downgrades: readonly Attack[] = [
  {
    name: '[OA21-07] [R7636-02] a request stripped of its challenge, so that its code is worth something alone',
    source: 'RFC 9700 §4.8 (PKCE downgrade)',
    guard: challengeRequired,
    alsoNeeds: [verifierRequired],
    async run(door) {
      const clientId = await registerClaude(door)
      const stripped = { code_challenge: undefined, code_challenge_method: undefined }
      const redirect = await door
        .browser()
        .approve(authorizeUrl(door, clientId, '', stripped))
        .catch(() => undefined)
      const code = redirect?.searchParams.get('code') ?? ''
      const answer = await redeem(door, { clientId, code, verifier: '' }, { code_verifier: undefined })
      return succeededIf(answer.status === 200)
    },
  },
  {
    name: '[R9700-01] a code asked for without a challenge, injected into a client that sends a verifier',
    source: 'RFC 9700 §4.8.2',
    guard: challengeRequired,
    alsoNeeds: [
      verifiedBy("challenge === '' || equalInConstantTime(formatCodeChallenge(verifier), challenge)"),
    ],
    async run(door) {
      const clientId = await registerClaude(door)
      const stripped = { code_challenge: undefined, code_challenge_method: undefined }
      const redirect = await door
        .browser()
        .approve(authorizeUrl(door, clientId, '', stripped))
        .catch(() => undefined)
      const code = redirect?.searchParams.get('code') ?? ''
      return succeededIf((await redeem(door, { clientId, code, verifier: pkce().verifier })).status === 200)
    },
  },
  {
    name: '[OA21-08] a request that asks for plain, whose challenge is the verifier',
    source: 'RFC 7636 §7.2, RFC 9700 §2.1.1',
    guard: onlyS256,
    async run(door) {
      const link = authorizeUrl(door, await registerClaude(door), pkce().verifier, {
        code_challenge_method: 'plain',
      })
      return succeededIf(await asksForConsent(link, door.browser()))
    },
  },
  {
    name: '[OA21-08] a request without a method, which means plain',
    source: 'RFC 7636 §4.3',
    guard: onlyS256,
    async run(door) {
      const link = authorizeUrl(door, await registerClaude(door), pkce().verifier, {
        code_challenge_method: undefined,
      })
      return succeededIf(await asksForConsent(link, door.browser()))
    },
  },
  {
    name: '[OA21-07] a challenge read in the browser history, shown as the verifier',
    source: 'RFC 7636 §7.2',
    guard: verifiedBy(
      'verifier === challenge || equalInConstantTime(formatCodeChallenge(verifier), challenge)',
    ),
    async run(door) {
      const stolen = await obtainCode(door)
      return succeededIf((await redeem(door, { ...stolen, verifier: stolen.challenge })).status === 200)
    },
  },
]

const thefts: readonly Attack[] = [
  {
    name: '[R7636-02] a stolen code without the verifier',
    source: 'RFC 7636 §1, RFC 9700 §4.5.3.1',
    guard: verifierRequired,
    async run(door) {
      const stolen = await obtainCode(door)
      return succeededIf((await redeem(door, stolen, { code_verifier: undefined })).status === 200)
    },
  },
  {
    name: '[OA21-07] a stolen code injected into a sign-in that the thief began',
    source: 'RFC 9700 §4.5 (code injection)',
    guard: verifiedBy('true'),
    async run(door) {
      const stolen = await obtainCode(door)
      return succeededIf((await redeem(door, { ...stolen, verifier: pkce().verifier })).status === 200)
    },
  },
  {
    name: '[OA21-09] a code shown by another client',
    source: 'RFC 6749 §4.1.3, RFC 6819 §4.4.1.7',
    guard: without(server, 'code.clientId !== client.clientId', 'false'),
    async run(door) {
      const stolen = await obtainCode(door)
      return succeededIf(
        (await redeem(door, { ...stolen, clientId: await registerClaude(door) })).status === 200,
      )
    },
  },
  {
    name: '[OA21-10] [R6749-02] a code that was delivered to another callback than the client says',
    source: 'RFC 9700 §4.5.3, RFC 6749 §10.6',
    guard: without(
      server,
      'request.redirectUri !== undefined && request.redirectUri !== code.redirectUri',
      'false',
    ),
    async run(door) {
      const stolen = await obtainCode(door)
      return succeededIf(
        (await redeem(door, stolen, { redirect_uri: 'https://evil.example/cb' })).status === 200,
      )
    },
  },
  {
    name: '[R8707-02] a code for one resource, exchanged for another',
    source: 'RFC 8707 §2.2',
    guard: without(
      'authorization-server/grants/authorization-code.ts',
      "refuseProblems(targetProblems(request.resources, code.resource as ResourceIdentifier, 'code'))",
      '',
    ),
    async run(door) {
      const own = await obtainCode(door)
      return succeededIf((await redeem(door, own, { resource: 'https://other.example/mcp' })).status === 200)
    },
  },
  {
    name: '[OA21-09] a code found in a log an hour later',
    source: 'RFC 6819 §5.1.5.3',
    guard: without(server, 'if (code.expiresAt <= settings.clock())', 'if (false)'),
    alsoNeeds: [
      without(memory, 'if (code === undefined || code.expiresAt <= now)', 'if (code === undefined)'),
    ],
    async run(door) {
      const found = await obtainCode(door)
      door.clock.now += 3600
      return succeededIf((await redeem(door, found)).status === 200)
    },
  },
  {
    name: '[OA21-22] a code computed from the address that the browser shows during consent',
    source: 'RFC 6819 §4.4.1.3 (guessing)',
    guard: without(
      server,
      "`${codePrefix}${encodeBase64Url(keyedHash(keys.authorizationCode, 'authorization-code', pendingId, userId))}`",
      '`${codePrefix}${pendingId}`',
    ),
    async run(door) {
      const clientId = await registerClaude(door)
      const { verifier, challenge } = pkce()
      const browser = door.browser()
      const { action, fields } = await browser.openConsent(authorizeUrl(door, clientId, challenge))
      const seen = new URL(action, door.origin).searchParams.get('request') ?? ''
      fields.set('decision', 'approve')
      await browser.post(action, fields)
      const guesses = [
        seen,
        `pst_ac_${seen}`,
        `pst_ac_${createHash('sha256').update(seen).digest('base64url')}`,
      ]
      return succeededIf(
        await anyOf(
          guesses,
          async (code) => (await redeem(door, { clientId, code, verifier })).status === 200,
        ),
      )
    },
  },
  {
    name: '[HS-16] a hundred guesses at the verifier of a code in hand',
    source: 'house rule 16; RFC 6819 §5.1.4.2.2',
    guard: without(server, 'const maximumWrongVerifiers = 5', 'const maximumWrongVerifiers = 1000'),
    async run(door) {
      const stolen = await obtainCode(door)
      for (let guess = 0; guess < 100; guess++) await redeem(door, { ...stolen, verifier: pkce().verifier })
      return succeededIf((await redeem(door, stolen)).status === 200)
    },
  },
]

async function isCodeUsable(
  door: Door,
  replays: (used: Awaited<ReturnType<typeof obtainCode>>) => Promise<unknown>,
) {
  const own = await obtainCode(door)
  const answer = await redeem(door, own)
  await replays(own)
  return opensMcp(door, String(answer.body.access_token))
}

const replays: readonly Attack[] = [
  {
    name: '[OA21-09] a code used a second time',
    source: 'RFC 6749 §10.5, RFC 6819 §4.4.1.1',
    guard: replayRefused,
    alsoNeeds: [takenOnce],
    async run(door) {
      const own = await obtainCode(door)
      await redeem(door, own)
      return succeededIf((await redeem(door, own)).status === 200)
    },
  },
  {
    name: '[OA21-09] a code used twenty times at one instant',
    source: 'RFC 6749 §4.1.2, RFC 6819 §5.1.5.4; CWE-367',
    guard: takenOnce,
    async run(door) {
      const own = await obtainCode(door)
      const answers = await Promise.all(Array.from({ length: 20 }, () => redeem(door, own)))
      return succeededIf(answers.filter(({ status }) => status === 200).length > 1)
    },
  },
  {
    name: '[OA21-09] a thief who was first with code and verifier, and keeps the tokens when the owner comes',
    source: 'RFC 6749 §4.1.2, OAuth 2.1 §4.1.3',
    guard: without(server, 'await settings.storage.revokeGrant(code.grantId,', 'Array.of(code.grantId,'),
    run: async (door) => succeededIf(await isCodeUsable(door, (own) => redeem(door, own))),
  },
  {
    name: '[HS-16] a used code shown again with a wrong verifier, to sign its owner out',
    source: 'house rule 16; OAuth 2.1 §4.1.3',
    guard: without(
      server,
      'await checkVerifier(settings, code, request) await refuseReplay(settings, code)',
      'await refuseReplay(settings, code); await checkVerifier(settings, code, request)',
    ),
    async run(door) {
      const isAlive = await isCodeUsable(door, (own) => redeem(door, { ...own, verifier: pkce().verifier }))
      return succeededIf(!isAlive)
    },
  },
  {
    name: '[HS-16] a code burnt with one wrong verifier before its owner comes',
    source: 'house rule 16',
    guard: without(server, 'const maximumWrongVerifiers = 5', 'const maximumWrongVerifiers = 1'),
    async run(door) {
      const own = await obtainCode(door)
      await redeem(door, { ...own, verifier: pkce().verifier })
      return succeededIf((await redeem(door, own)).status !== 200)
    },
  },
]

const pollutions: readonly Attack[] = [
  {
    name: '[OA21-05] a parameter sent twice to authorize, of which a filter before us saw the other',
    source: 'OAuth 2.1 §3.1 (parameter pollution)',
    guard: without(server, 'if (repeated.length > 0) refuse', 'if (false) refuse'),
    async run(door) {
      const clientId = await registerClaude(door)
      const link = authorizeUrl(door, clientId, pkce().challenge)
      return succeededIf(
        await anyOf(['scope=read', 'state=other', 'code_challenge_method=plain', 'prompt=none'], (more) =>
          asksForConsent(`${link}&prompt=consent&${more}`, door.browser()),
        ),
      )
    },
  },
  {
    name: '[OA21-06] a parameter sent twice to the token endpoint',
    source: 'OAuth 2.1 §3.2 (parameter pollution)',
    guard: without(oauth, 'if (values.length > 1)', 'if (false)'),
    async run(door) {
      const own = await obtainCode(door)
      const form = new URLSearchParams({
        grant_type: 'authorization_code',
        code: own.code,
        client_id: own.clientId,
      })
      form.append('code_verifier', own.verifier)
      form.append('code_verifier', pkce().verifier)
      const response = await door.fetch('/oauth/token', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: form.toString(),
      })
      return succeededIf(response.status === 200)
    },
  },
  {
    name: '[OA21-06] a token request in a type that a web page sends without asking',
    source: 'OAuth 2.1 §3.2, Fetch standard (CORS-safelisted request headers)',
    guard: without(
      server,
      String.raw`if (!/^application\/x-www-form-urlencoded\b/i.test(type)) {`,
      'if (false) {',
    ),
    async run(door) {
      const own = await obtainCode(door)
      const answer = await token(
        door,
        {
          grant_type: 'authorization_code',
          code: own.code,
          client_id: own.clientId,
          code_verifier: own.verifier,
        },
        { 'content-type': 'text/plain' },
      )
      return succeededIf(answer.status === 200)
    },
  },
]

export const codeAttacks: readonly Attack[] = [...downgrades, ...thefts, ...replays, ...pollutions]
