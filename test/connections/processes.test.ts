/** The command line reads the stories while the server writes them: list, one story, and live. */

import { describe, expect, test } from 'vitest'
import {
  account,
  initialize,
  type OpenDoor,
  referenceServer,
  runPostern,
  serve,
  startPostern,
  temporaryDirectory,
} from '../cli/postern-command.ts'
import { obtainTokens } from '../interop/plain-sign-in.ts'

async function openServer(): Promise<{ data: string; door: OpenDoor }> {
  const data = temporaryDirectory()
  const words = ['users', 'create', account.username, '--password-stdin', '--data', data]
  expect((await runPostern(words, { input: `${account.password}\n` })).code).toBe(0)
  return { data, door: await serve(data, ['--port', '0', '--', ...referenceServer]) }
}

describe('postern connections beside a running server', () => {
  test('lists, tells and follows what happens there', async () => {
    const { data, door } = await openServer()
    expect((await runPostern(['connections', '--data', data])).stdout).toContain(
      'Nobody has tried to connect',
    )
    const live = startPostern(['connections', '--follow', '--data', data])
    await live.waitForOutput(/Waiting for steps/)

    const tokens = await obtainTokens(door.connectorUrl, account)
    expect((await initialize(door.connectorUrl, tokens.accessToken)).status).toBe(200)
    await live.waitForOutput(/opened the sign-in in a browser[\s\S]*exchanged the code for tokens/)
    await live.waitForOutput(/called initialize with the token/)
    await live.waitForOutput(/ {2}connected\n/)
    live.process.kill('SIGINT')
    expect(await live.exited).toMatchObject({ code: 0, signal: null })

    const listed = await runPostern(['connections', '--data', data])
    expect(listed).toMatchObject({ code: 0, stderr: '' })
    const [, id = ''] = /^(\S+) +\d+ \w+ +Plain fetch +ada +calls +connected$/m.exec(listed.stdout) ?? []
    expect(id, listed.stdout).not.toBe('')
    for (const line of listed.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)

    const [story, json] = await Promise.all([
      runPostern(['connections', 'show', id, '--data', data]),
      runPostern(['connections', '--json', '--data', data]),
    ])
    expect(story.stdout).toMatch(/^Plain fetch .*for ada at \/mcp\nconnected; came as far as: /)
    const told = [
      'registered as a client',
      'signed in',
      'for consent',
      'approved',
      'for tokens',
      'initialize',
    ]
    expect(story.stdout).toMatch(new RegExp(told.join('[\\s\\S]*')))
    for (const line of story.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)

    const [first] = JSON.parse(json.stdout) as Record<string, unknown>[]
    expect(first).toMatchObject({ state: 'connected', person: 'ada', reached: 'called', diagnosis: null })
    const { connectionId, grantId } = first as { connectionId: string; grantId: string }
    const [byGrant, mistaken] = await Promise.all([
      runPostern(['connections', 'show', grantId, '--data', data]),
      runPostern(['grants', 'revoke', connectionId, '--data', data]),
    ])
    expect(byGrant.stdout, 'the story of a grant').toContain(connectionId)
    expect(mistaken.code).toBe(1)
    expect(mistaken.stderr.replaceAll(/\s+/g, ' ')).toContain(`\`postern grants revoke ${grantId}\``)
    for (const secret of [tokens.accessToken, tokens.refreshToken ?? '-']) {
      expect(`${json.stdout}${story.stdout}${live.stdout()}`).not.toContain(secret)
    }
  })

  test('tells why one stopped, and what to do', async () => {
    const { data, door } = await openServer()
    const response = await fetch(`${door.origin}/oauth/authorize?client_id=lost&response_type=code`)
    expect(response.status).toBe(401)
    await expect
      .poll(async () => (await runPostern(['connections', '--data', data])).stdout, { interval: 500 })
      .toMatch(/stopped\n {4}The browser was sent here with a client id that is not known/)
    const json = await runPostern(['connections', '--json', '--data', data])
    const [stopped] = JSON.parse(json.stdout) as { connectionId: string; diagnosis: { rows: string[] } }[]
    expect(stopped?.diagnosis.rows).toContain('R12')
    const [story, nobody, wrong] = await Promise.all([
      runPostern(['connections', 'show', stopped?.connectionId ?? '', '--data', data]),
      runPostern(['connections', 'show', 'nobody', '--data', data]),
      runPostern(['connections', '--limit', 'many', '--data', data]),
    ])
    expect(story.stdout).toMatch(
      /client-not-known[\s\S]*Likely cause[\s\S]*What to do[\s\S]*Remove the connector/,
    )
    expect(nobody).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('there is no connection nobody'),
    })
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--limit many') })
  })

  test('what was under way when the server was stopped is stored', async () => {
    const { data, door } = await openServer()
    await obtainTokens(door.connectorUrl, account)
    door.child.process.kill('SIGTERM')
    expect((await door.child.exited).code).toBe(0)
    const json = await runPostern(['connections', '--json', '--data', data])
    expect(JSON.parse(json.stdout)).toMatchObject([{ reached: 'token-issued', person: 'ada' }])
  })
})
