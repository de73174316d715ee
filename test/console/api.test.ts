/** The JSON API of the console: every address of its table, for whoever brings the operator's token and for nobody else, wherever they come from. */

import { beforeAll, describe, expect, test } from 'vitest'
import { type OptionSources, OptionsError, readOptions } from '../../src/app/options.ts'
import { apiPath, apiRoutes } from '../../src/console/api.ts'
import type { Paged, PersonRow } from '../../src/ui/console/reports.ts'
import { type Connection, callMcp, connect, type Door, openDoor } from '../door.ts'
import { signIn } from './people.ts'

const token = 'an-operators-token-of-enough-characters'
const bearer = { authorization: `Bearer ${token}` }

let door: Door
let connection: Connection
let cookie: string
beforeAll(async () => {
  door = await openDoor({
    console: { token, settings: [{ name: 'port', value: '8787', purpose: 'Where.' }] },
  })
  connection = await connect(door)
  const operator = door.browser()
  await signIn(operator, '/console')
  cookie = [...operator.cookies].map((pair) => pair.join('=')).join('; ')
})

/** As the table has them, with an id that nothing has. */
const addresses = apiRoutes.map(({ method, path }) => ({
  method,
  path: apiPath + path.replace('{id}', 'none'),
}))

describe('without the token', () => {
  test.each(addresses)('$method $path tells and does nothing [HS-12]', async ({ method, path }) => {
    const wrong = [
      {},
      { authorization: 'Bearer ' },
      { authorization: `Bearer ${token}x` },
      { authorization: `Bearer ${token.slice(0, -1)}` },
      { authorization: `Basic ${btoa(`operator:${token}`)}` },
      { authorization: token },
      { authorization: `Bearer ${connection.accessToken}` },
    ]
    for (const headers of wrong) {
      const answer = await door.fetch(path, { method, headers: { ...headers, cookie } })
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="console"'])
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
      expect(await answer.json()).toEqual({ error: 'a token is required' })
    }
    const request = new Request(door.origin + path, { method, headers: { host: 'localhost:8787' } })
    const local = await door.postern.fetch(request, { peerAddress: '127.0.0.1' })
    expect(local.status).toBe(401)
    expect(await door.storage.listGrants({}, 1)).toMatchObject([{ revokedAt: undefined }])
  })

  test('that is not configured there is no API', async () => {
    const without = await openDoor({ console: {} })
    for (const headers of [{}, { authorization: 'Bearer ' }, { authorization: 'Bearer undefined' }])
      expect((await without.fetch('/console/api/grants', { headers })).status).toBe(401)
  })

  test.each(['short', 'x'.repeat(31), `${'x'.repeat(40)} y`])(
    '%j is refused as one when Postern starts',
    async (given) => {
      const sources: OptionSources = {
        flags: { console: true },
        strays: [],
        command: ['node', 'server.js'],
        environment: { POSTERN_CONSOLE_TOKEN: given },
        file: undefined,
      }
      expect(() => readOptions(sources)).toThrow(OptionsError)
      await expect(openDoor({ console: { token: given } })).rejects.toThrow(
        'console.token must be 32 characters',
      )
      const good = { ...sources, environment: { POSTERN_CONSOLE_TOKEN: token } }
      expect(readOptions(good).consoleToken).toBe(token)
    },
  )
})

describe('with the token', () => {
  const get = async (path: string): Promise<unknown> => {
    const answer = await door.fetch(apiPath + path, { headers: bearer })
    expect([path, answer.status, answer.headers.get('cache-control')]).toEqual([path, 200, 'no-store'])
    return answer.json()
  }

  test('every address answers what its page shows', async () => {
    await callMcp(door, connection.accessToken, { id: 1, method: 'tools/call', params: { name: 'search' } })
    const [grant] = await door.storage.listGrants({}, 1)
    const person = { rows: [{ username: 'ada', role: 'admin', hasPassword: true, grants: 1 }], page: 1 }
    const expected: Record<string, unknown> = {
      '/overview': { hours: 24, totals: { people: 1, grants: 1 } },
      '/overview?hours=168': { hours: 168 },
      '/connections': { rows: expect.any(Array), page: 1 },
      '/people': person,
      '/clients': { rows: [{ name: 'Claude', redirectHosts: ['claude.ai'], grants: 1 }] },
      '/grants': { rows: [{ client: 'Claude', person: 'ada', scope: ['read', 'write'] }] },
      [`/grants?person=${grant?.userId}`]: { rows: [{ grantId: grant?.grantId }] },
      '/grants?person=nobody': { rows: [] },
      '/connectors': [
        { path: '/mcp', answers: true, tools: [{ name: 'search', readOnly: true }, { name: 'erase' }] },
      ],
      '/credentials': { rows: [] },
      '/audit?action=token.issued': { records: [{ action: 'token.issued' }] },
      '/settings': [{ name: 'port', value: '8787' }],
    }
    for (const [path, answer] of Object.entries(expected))
      expect(await get(path), path).toMatchObject(answer as object)
    const told = Object.keys(expected).map((path) => path.split('?')[0])
    const table = apiRoutes.filter(({ method, path }) => method === 'GET' && !path.includes('{id}'))
    expect(new Set(told)).toEqual(new Set(table.map(({ path }) => path)))
  })

  test('the story of one attempt is found by its id', async () => {
    const first = await openDoor()
    await connect(first)
    await first.postern.close()
    const [stored] = await first.storage.listConnections({}, 1)
    const again = await openDoor({ console: { token }, storage: first.storage })
    const answer = await again.fetch(`${apiPath}/connections/${stored?.connectionId}`, { headers: bearer })
    expect(await answer.json()).toMatchObject({
      client: 'Claude',
      person: 'ada',
      timeline: expect.any(Array),
    })
  })

  test.each(addresses.filter(({ path }) => path.endsWith('none')))(
    '$method $path is 404',
    async ({ method, path }) => {
      const answer = await door.fetch(path, { method, headers: bearer })
      expect([answer.status, await answer.json()]).toEqual([404, { error: 'there is none' }])
    },
  )

  test.each([
    ['POST', '/grants'],
    ['DELETE', '/grants'],
    ['DELETE', '/overview'],
    ['GET', '/nothing'],
    ['GET', '/grants/'],
    ['DELETE', '/grants/%ff'],
    ['DELETE', '/grants/a/b'],
    ['DELETE', '/credentials/%5B1%5D'],
  ])('%s %s is no address', async (method, path) => {
    const answer = await door.fetch(apiPath + path, { method, headers: bearer })
    expect([404, 405]).toContain(answer.status)
  })

  test('lists come a hundred at a time, and to their end', async () => {
    const many = await openDoor({ console: { token } })
    const ada = await many.storage.findUserByName('ada')
    for (let count = 0; ada !== undefined && count < 250; count++)
      await many.storage.createUser({ ...ada, userId: `u${count}`, username: `member-${count}` })
    const pageOf = async (page: string | number): Promise<Paged<PersonRow>> => {
      const answer = await many.fetch(`${apiPath}/people?page=${page}`, { headers: bearer })
      return (await answer.json()) as Paged<PersonRow>
    }
    const seen: string[] = []
    for (let page: number | undefined = 1; page !== undefined; ) {
      const { rows, page: told, nextPage } = await pageOf(page)
      expect(rows.length).toBeLessThanOrEqual(100)
      expect(told).toBe(page)
      seen.push(...rows.map(({ username }) => username))
      page = nextPage
    }
    expect([seen.length, new Set(seen).size]).toEqual([251, 251])
    for (const page of ['0', '-1', 'x', '1e99', '2.5']) expect((await pageOf(page)).page).toBe(1)
    expect(await pageOf(900)).toEqual({ rows: [], page: 900 })
  })
})
