/** Everything that an operator does: on the page, over the API and at the command line it is the same deed, with the same record of it. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createProgram } from '../../src/app/cli/main.ts'
import type { Terminal, Writer } from '../../src/app/cli/terminal.ts'
import { deeds } from '../../src/console/deeds.ts'
import { userSupplied } from '../../src/index.ts'
import { sqliteStorage } from '../../src/storage/adapters/sqlite.ts'
import type { Storage } from '../../src/storage/storage.ts'
import type { DeedName } from '../../src/ui/console/records.ts'
import { keyedUpstream } from '../credentials/keyed-upstream.ts'
import { visitor } from '../credentials/people.ts'
import { callMcp, type Door, openDoor } from '../door.ts'
import { formFor, signIn } from './people.ts'

interface Case {
  page: string
  /** What the API calls it. */
  place: string
  command(ids: Ids): ['grants' | 'users' | 'clients' | 'credentials', ...string[]]
  id(ids: Ids): string
  action: string
  details(ids: Ids): Record<string, unknown>
}

interface Ids {
  userId: string
  grantId: string
  clientId: string
}

const cases: Readonly<Record<DeedName, Case>> = {
  'revoke-grant': {
    page: '/console/grants',
    place: 'grants',
    id: ({ grantId }) => grantId,
    command: ({ grantId }) => ['grants', 'revoke', grantId],
    action: 'grant.revoked',
    details: ({ grantId, userId }) => ({ grantId, userId, reason: 'revoked-by-operator' }),
  },
  'remove-user': {
    page: '/console/people',
    place: 'people',
    id: ({ userId }) => userId,
    command: () => ['users', 'remove', 'eve'],
    action: 'user.removed',
    details: ({ userId }) => ({ userId, username: 'eve' }),
  },
  'remove-client': {
    page: '/console/clients',
    place: 'clients',
    id: ({ clientId }) => clientId,
    command: ({ clientId }) => ['clients', 'remove', clientId],
    action: 'client.removed',
    details: ({ clientId }) => ({ clientId }),
  },
  'remove-credential': {
    page: '/console/credentials',
    place: 'credentials',
    id: ({ userId }) => JSON.stringify([userId, '/mcp']),
    command: () => ['credentials', 'remove', 'eve', '/mcp'],
    action: 'credential.removed',
    details: ({ userId }) => ({ userId, connector: '/mcp' }),
  },
}

const token = 'an-operators-token-of-enough-characters'
const key = 'k-eve1'
const list = { id: 1, method: 'tools/list' }

let folder: string
let storage: Storage
let door: Door
let ids: Ids
let accessToken: string
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-console-'))
  storage = sqliteStorage({ path: join(folder, 'postern.db') })
  const upstream = keyedUpstream({ [key]: 'Eve' })
  const credential = userSupplied({
    title: 'Your key',
    fields: [{ name: 'key', label: 'API key' }],
    headers: { Authorization: 'Bearer {key}' },
  })
  const connector = { name: 'Example', upstream: upstream.upstream, credential }
  door = await openDoor({ storage, connector, console: { token } })
  const eve = await visitor(door, 'eve')
  const answer = await (await eve.ask()).answer({ credential_field_key: key })
  accessToken = (await answer.connect()).accessToken
  const [grant] = await storage.listGrants({}, 1)
  ids = {
    userId: grant?.userId ?? '',
    grantId: grant?.grantId ?? '',
    clientId: (await storage.listClients(1))[0]?.clientId ?? '',
  }
  expect((await callMcp(door, accessToken, list)).status).toBe(200)
})
afterEach(async () => {
  await door.postern.close()
  await storage.close()
  rmSync(folder, { recursive: true })
})

const ways: Readonly<Record<string, (one: Case, name: DeedName) => Promise<string>>> = {
  async 'on the page'({ page }, name) {
    const operator = door.browser()
    await signIn(operator, '/console')
    const fields = formFor(await (await operator.get(page)).text(), name)
    const answer = await operator.post('/console/act', fields)
    expect(answer.headers.get('location')).toBe(`${page}?done=${name}`)
    return 'user'
  },
  async 'over the API'({ place, id }, name) {
    const path = `/console/api/${place}/${encodeURIComponent(id(ids))}`
    const headers = { authorization: `Bearer ${token}` }
    const answer = await door.fetch(path, { method: 'DELETE', headers })
    expect([answer.status, await answer.json()]).toEqual([200, { done: name }])
    expect((await door.fetch(path, { method: 'DELETE', headers })).status).toBe(404)
    return 'operator'
  },
  async 'at the command line'({ command }) {
    const words = command(ids)
    const program = await createProgram(quiet, [], words[0])
    await program.parseAsync([...words, '--data', folder], { from: 'user' })
    return 'operator'
  },
}

describe.each(Object.keys(ways))('%s', (way) => {
  test.each(deeds)('%s is done at once, and written down with who did it', async (name) => {
    const actor = await ways[way]?.(cases[name], name)
    expect((await callMcp(door, accessToken, list)).status).toBe(401)
    const records = await storage.listAudit({ action: cases[name].action }, 9)
    expect(records).toMatchObject([{ actor, details: cases[name].details(ids) }])
    const ada = await storage.findUserByName('ada')
    expect(records[0]?.actorId).toBe(actor === 'user' ? ada?.userId : undefined)
  })
})

test('whose credentials are kept is shown, and never the credentials', async () => {
  const operator = door.browser()
  await signIn(operator, '/console')
  const headers = { authorization: `Bearer ${token}` }
  const page = await (await operator.get('/console/credentials')).text()
  const api = await (await door.fetch('/console/api/credentials', { headers })).text()
  const audit = await (await operator.get('/console/audit/export')).text()
  expect(page).toContain('eve')
  expect(JSON.parse(api)).toMatchObject({ rows: [{ person: 'eve', connector: '/mcp' }] })
  for (const text of [page, api, audit]) expect(text).not.toContain(key)
  expect(api).not.toContain('sealed')
})

const writer: Writer = {
  write: () => {},
  line: () => {},
  paragraph: () => {},
  style: (_, text) => text,
  columns: 80,
  isTerminal: false,
}
const quiet: Terminal = { out: writer, err: writer, canAsk: false }
