/** `postern users`, `clients`, `grants` and `keys`: on the records of a server, also while it runs. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { approveByFetch, obtainTokens } from '../interop/plain-sign-in.ts'
import {
  account,
  initialize,
  type OpenDoor,
  type Outcome,
  referenceServer,
  runPostern,
  serve,
  temporaryDirectory,
} from './postern-command.ts'

describe('while a server runs', () => {
  let data: string
  let door: OpenDoor
  const manage = (words: string, input?: string): Promise<Outcome> =>
    runPostern([...words.split(' '), '--data', data], input === undefined ? {} : { input })
  const manageJson = async (words: string): Promise<unknown> =>
    JSON.parse((await manage(`${words} --json`)).stdout)

  beforeAll(async () => {
    data = temporaryDirectory()
    const made = await manage(`users create ${account.username} --password-stdin`, `${account.password}\n`)
    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(made.stdout).toContain('administrator, because it is the first account')
    door = await serve(data, ['--port', '0', '--', ...referenceServer])
    // There is an account, so there is nothing to set up.
    expect(door.setupLink).toBeUndefined()
  })

  test('revoking a connection is effective at once', async () => {
    const tokens = await obtainTokens(door.connectorUrl, account)
    expect((await initialize(door.connectorUrl, tokens.accessToken)).status).toBe(200)
    const listed = await manage('grants list')
    expect(listed.stdout).toMatch(/PERSON +CLIENT/)
    expect(listed.stdout).toMatch(/ada +Plain fetch +\/mcp +read write +just now +stands/)
    const [grant] = (await manageJson('grants list')) as { grantId: string }[]

    const revoked = await manage(`grants revoke ${grant?.grantId}`)
    expect(revoked).toMatchObject({ code: 0, stdout: 'Revoked. Plain fetch has to be allowed again.\n' })
    expect((await initialize(door.connectorUrl, tokens.accessToken)).status).toBe(401)
    const refreshed = await fetch(tokens.tokenEndpoint, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: tokens.refreshToken ?? '',
        client_id: tokens.clientId,
      }),
    })
    expect(await refreshed.json()).toMatchObject({ error: 'invalid_grant' })
    expect((await manage('grants list')).stdout).toContain('1 ended')
    expect((await manage('grants list --all')).stdout).toMatch(/revoked just now/)
    expect((await manage(`grants revoke ${grant?.grantId}`)).stdout).toContain('before')
  })

  test('a client entered by hand connects with its secret, until it is removed', async () => {
    const redirectUri = 'https://acme.example/callback'
    const created = await manage(
      `clients create --name Acme --confidential --redirect-uri ${redirectUri} --json`,
    )
    const { clientId, clientSecret } = JSON.parse(created.stdout) as Record<string, string>
    const exchange = async (secret: string | undefined): Promise<Response> => {
      const verifier = 'a-verifier-of-forty-three-characters-or-more-1'
      const challenge = Buffer.from(
        await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)),
      ).toString('base64url')
      const url = new URL(`${door.origin}/oauth/authorize`)
      url.search = new URLSearchParams({
        response_type: 'code',
        client_id: clientId ?? '',
        redirect_uri: redirectUri,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        state: 's',
        resource: door.connectorUrl,
      }).toString()
      const redirect = await approveByFetch(url.href, account)
      return fetch(`${door.origin}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          code: redirect.searchParams.get('code') ?? '',
          redirect_uri: redirectUri,
          code_verifier: verifier,
          client_id: clientId ?? '',
          ...(secret === undefined ? {} : { client_secret: secret }),
        }),
      })
    }
    expect((await exchange(undefined)).status).toBe(401)
    expect((await exchange('pst_cs_wrong')).status).toBe(401)
    const answer = await exchange(clientSecret)
    expect(answer.status).toBe(200)
    const { access_token: accessToken } = (await answer.json()) as { access_token: string }
    expect((await initialize(door.connectorUrl, accessToken)).status).toBe(200)

    expect((await manage('clients list')).stdout).toMatch(
      new RegExp(`${clientId} +Acme +hand +acme\\.example`),
    )
    expect(readFileSync(join(data, 'postern.db')).includes(clientSecret ?? '')).toBe(false)
    expect(await manage(`clients remove ${clientId}`)).toMatchObject({ code: 0 })
    expect((await initialize(door.connectorUrl, accessToken)).status).toBe(401)
  })

  test('removing a person ends what that person allowed, and the sign-in', async () => {
    const grace = { username: 'grace', password: 'cobol is for everybody' }
    await manage('users create grace --password-stdin', grace.password)
    const tokens = await obtainTokens(door.connectorUrl, grace)
    const listed = await manage('users list')
    expect(listed.stdout).toMatch(/grace +grace +member/)
    expect(listed.stdout).toMatch(/ada +ada +administrator/)
    expect(await manage('users remove grace')).toMatchObject({ code: 0 })
    expect((await initialize(door.connectorUrl, tokens.accessToken)).status).toBe(401)
    await expect(obtainTokens(door.connectorUrl, grace)).rejects.toThrow()
  })

  test('another password is asked for from then on', async () => {
    await manage('users create joan --password-stdin', 'the first of several')
    const changed = await manage('users set-password joan --password-stdin', 'the second of several')
    expect(changed).toMatchObject({ code: 0, stdout: 'joan has another password now.\n' })
    const joan = { username: 'joan', password: 'the second of several' }
    expect((await obtainTokens(door.connectorUrl, joan)).accessToken).toMatch(/^pst_at_/)
    await expect(
      obtainTokens(door.connectorUrl, { ...joan, password: 'the first of several' }),
    ).rejects.toThrow()
  })

  test('[HS-05] the master key is replaced; nobody is signed out, not even by the next start', async () => {
    const tokens = await obtainTokens(door.connectorUrl, account)
    const before = readFileSync(join(data, 'master.key'), 'utf8')
    const rotated = await manage('keys rotate')
    expect(rotated.code).toBe(0)
    expect(rotated.stdout).toMatch(/replaced; \d+ keys were wrapped anew/)
    expect(rotated.stdout).not.toContain(before.trim())
    expect(readFileSync(join(data, 'master.key'), 'utf8')).not.toBe(before)
    const kept = /(\S+master\.key\.until-\S+);/.exec(rotated.stdout.replaceAll('\n', ' '))?.[1] ?? ''
    expect(readFileSync(kept, 'utf8')).toBe(before)
    expect((await initialize(door.connectorUrl, tokens.accessToken)).status).toBe(200)

    await door.child.stop()
    const port = new URL(door.origin).port
    door = await serve(data, ['--port', port, '--', ...referenceServer])
    expect((await initialize(door.connectorUrl, tokens.accessToken)).status).toBe(200)
  })
})

describe('without a server', () => {
  test('a rotation that was cut off after its middle is finished by the next start', async () => {
    const data = temporaryDirectory()
    const first = await serve(data, ['--port', '0', '--', ...referenceServer])
    await first.child.stop()
    expect(await runPostern(['keys', 'rotate', '--data', data])).toMatchObject({ code: 0 })
    // As a crash would have left it: the database has the new key, the files have not changed places yet.
    const next = readFileSync(join(data, 'master.key'))
    writeFileSync(join(data, 'master.key.next'), next, { mode: 0o600 })
    writeFileSync(join(data, 'master.key'), Buffer.alloc(32, 1).toString('base64url'), { mode: 0o600 })
    await serve(data, ['--port', '0', '--', ...referenceServer])
    expect(readFileSync(join(data, 'master.key')).equals(next)).toBe(true)
  })

  test('[HS-05] a key in the environment is replaced by one that the operator has stored', async () => {
    const data = temporaryDirectory()
    const [old, next] = [Buffer.alloc(32, 3), Buffer.alloc(32, 4)]
    const env = { POSTERN_MASTER_KEY: old.toString('base64url') }
    const first = await serve(data, ['--port', '0', '--', ...referenceServer], { env })
    await first.child.stop()
    const unprepared = await runPostern(['keys', 'rotate', '--data', data], { env })
    expect(unprepared.code).toBe(2)
    expect(unprepared.stderr).toContain('--new-key-stdin')
    // As openssl rand -base64 prints it.
    const rotated = await runPostern(['keys', 'rotate', '--data', data, '--new-key-stdin'], {
      env,
      input: `${next.toString('base64')}\n`,
    })
    expect(rotated.code).toBe(0)
    const stale = await runPostern(['serve', '--data', data, '--port', '0', '--', 'node'], { env })
    expect(stale.code).toBe(1)
    expect(stale.stderr).toContain('master key')
    await serve(data, ['--port', '0', '--', ...referenceServer], {
      env: { POSTERN_MASTER_KEY: next.toString('base64url') },
    })
  })

  test('a client for Claude needs nothing but a name, and is handed over in one piece', async () => {
    const created = await runPostern([
      'clients',
      'create',
      '--name',
      'Claude',
      '--data',
      temporaryDirectory(),
    ])
    expect(created.code).toBe(0)
    expect(created.stdout).toMatch(/Client ID +client-[\w-]+\n/)
    expect(created.stdout).toContain('https://claude.ai/api/mcp/auth_callback')
    expect(created.stdout).toContain('https://claude.com/api/mcp/auth_callback')
    expect(created.stdout).not.toContain('secret  ')
  })

  test.each([
    [['clients', 'create', '--name', 'X', '--redirect-uri', 'http://evil.example/cb'], 2, /must use https/],
    [['clients', 'create', '--name', 'X', '--redirect-uri', 'https://a.example/cb#f'], 2, /fragment/],
    [['clients', 'create'], 2, /--name/],
    [['users', 'create', 'two words', '--password-stdin'], 1, /letters, digits/],
    [['users', 'create', 'ada', '--password-stdin'], 1, /too short/],
    [['users', 'create', 'ada'], 2, /--password-stdin/],
    [['users', 'create', 'ada', '--password', 'x'], 2, /unknown option '--password'/],
    [['users', 'list'], 1, /there is no Postern in .* yet/],
    [['grants', 'revoke', 'x'], 1, /there is no Postern in .* yet/],
  ])('%j is refused with %i', async (words, code, says) => {
    const outcome = await runPostern([...words, '--data', join(temporaryDirectory(), 'data')], {
      input: 'short',
    })
    expect(outcome.code).toBe(code)
    expect(outcome.stdout).toBe('')
    expect(outcome.stderr.replaceAll(/\s+/g, ' ')).toMatch(says)
    expect(outcome.stderr).not.toContain('    at ')
  })

  test('what is not there is told by its name', async () => {
    const data = temporaryDirectory()
    const manage = (words: string, input = ''): Promise<Outcome> =>
      runPostern([...words.split(' '), '--data', data], { input })
    await manage('users create ada --password-stdin', account.password)
    expect((await manage('users create ADA --password-stdin', account.password)).stderr).toContain(
      'already is',
    )
    for (const words of [
      'users remove bob',
      'clients remove bob',
      'grants revoke bob',
      'users set-password bob',
    ]) {
      const outcome = await manage(words)
      expect(outcome.code).toBe(1)
      expect(outcome.stderr).toMatch(/there is no (account|client|grant) bob/)
    }
    expect((await manage('clients list')).stdout).toBe('No client is known yet.\n')
    expect((await manage('grants list')).stdout).toBe('Nobody has allowed anything yet.\n')
    expect(JSON.parse((await manage('clients list --json')).stdout)).toEqual([])
  })

  test('an id that begins with a dash is an id', async () => {
    const data = temporaryDirectory()
    await runPostern(['users', 'create', 'ada', '--password-stdin', '--data', data], {
      input: account.password,
    })
    for (const id of ['-hhhhhhhhhhhhhhhhhhh', '--0123456789abcdefgh']) {
      const outcome = await runPostern(['grants', 'revoke', id, '--data', data])
      expect(outcome.stderr).toContain(`there is no grant ${id}`)
    }
  })

  test('the config file of the server says where its data is', async () => {
    const home = temporaryDirectory()
    writeFileSync(
      join(home, 'postern.config.json'),
      JSON.stringify({ data: './records', upstream: 'http://x.example' }),
    )
    const words = ['users', 'create', 'ada', '--password-stdin']
    const made = await runPostern(words, { cwd: home, input: account.password })
    expect(made.code).toBe(0)
    expect(readFileSync(join(home, 'records', 'postern.db')).length).toBeGreaterThan(0)
  })
})
