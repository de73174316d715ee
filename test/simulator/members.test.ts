// One connector of an owner and two members, each connected with an account of their own; and the page is nowhere in what `serve` answers.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SimulatorServer, startSimulator } from '../../src/app/cli/doctor-ui.ts'
import { type RunningServer, startServer } from '../../src/app/node.ts'
import * as surfaces from '../../src/client/surfaces/index.ts'
import { createLocalUser } from '../../src/identity/providers/local-accounts.ts'
import { account, type Door, openDoor } from '../door.ts'
import { findFreePort } from '../interop/loopback.ts'

/** A password is checked slowly, and slower where others are at work. */

const people = [account.username, 'grace', 'edsger'] as const

let door: Door
let server: RunningServer
let simulator: SimulatorServer
beforeAll(async () => {
  const port = await findFreePort()
  door = await openDoor({ publicUrl: `http://localhost:${port}` })
  for (const username of people.slice(1)) {
    await createLocalUser(
      { storage: door.storage, clock: () => door.clock.now },
      { username, password: account.password, displayName: username, role: 'member' },
    )
  }
  server = await startServer({
    port,
    fetch: (request, connection) => door.postern.fetch(request, connection),
  })
  simulator = await startSimulator({
    url: door.mcpUrl,
    surfaces: Object.values(surfaces),
    allowsPrivateAddresses: false,
    port: 0,
  })
})
afterAll(async () => {
  await Promise.all([simulator.close(), door.postern.close(), server.close(0)])
})

test('an owner adds it, two members connect, and each has a grant of their own', async () => {
  const added = await post('/add', { url: door.mcpUrl, name: 'Notes', client: 'claude-hosted' })
  const page = added.headers.get('location') ?? ''
  const members = [await memberOn(page)]
  for (const _ of people.slice(1)) {
    const more = await post(`${page}/member`, { member: members[0] ?? '' })
    members.push(await memberOn(more.headers.get('location') ?? ''))
  }
  expect(new Set(members).size).toBe(people.length)

  for (const [index, username] of people.entries()) {
    const member = members[index] ?? ''
    await post(`${page}/connect`, { member, username, password: account.password })
    await expect.poll(() => live(page, member)).toContain('data-connected="true"')
  }
  // What was masked in an address makes no party of its own.
  const [, lanes = ''] = /<ol class="lanes"[^>]*>(.*?)<\/ol>/.exec(await live(page, members[0] ?? '')) ?? []
  expect([...lanes.matchAll(/<span>([^<]*)<\/span>/g)].map(([, name]) => name)).toEqual([
    'Claude on the web, desktop and mobile',
    'Browser',
    new URL(door.origin).host,
  ])
  const grants = await door.storage.listGrants({}, 10)
  const users = await door.storage.listUsers(10)
  const holders = grants.map(({ userId }) => users.find((user) => user.userId === userId)?.username)
  expect(holders.toSorted()).toEqual([...people].toSorted())

  // One of them is off in the conversation: the others call, that one does not.
  const [owner = '', second = ''] = members
  await post(`${page}/switch`, { member: second })
  await post(`${page}/call`, { member: second, tool: 'search', allow: 'once' })
  expect(await live(page, second)).not.toContain('Call search')
  await post(`${page}/call`, { member: owner, tool: 'search', allow: 'once' })
  await expect.poll(() => live(page, owner)).toContain('search answered')

  // Claude, on the plans for teams: what an owner added, a member does not remove.
  expect((await post(`${page}/remove`, { member: second })).status).toBe(403)
})

test('a tool that is not in the list is not called', async () => {
  const page = await firstConnector()
  const member = await memberOn(page)
  await post(`${page}/call`, { member, tool: 'invented', allow: 'once' })
  expect(await live(page, member)).not.toContain('invented')
})

test('a form larger than a form is refused', async () => {
  const answer = await post('/add', { url: 'x'.repeat(20_000), client: 'claude-hosted' })
  expect(answer.status).toBe(400)
})

test.each(['/simulator', '/simulator/', '/simulator/anything'])('serve has no %s', async (path) => {
  expect((await door.fetch(path)).status).toBe(404)
})

async function post(path: string, fields: Record<string, string>): Promise<Response> {
  const { origin } = new URL(simulator.address)
  const address = path.startsWith('/simulator/') ? origin + path : simulator.address + path
  return fetch(address, {
    method: 'POST',
    headers: { Origin: origin },
    body: new URLSearchParams(fields),
    redirect: 'manual',
  })
}

async function get(path: string): Promise<string> {
  return (await fetch(new URL(path, simulator.address))).text()
}

/** The member whose page this is. */
async function memberOn(page: string): Promise<string> {
  return /data-from="[^"]*member=([\w-]+)"/.exec(await get(page))?.[1] ?? ''
}

async function live(page: string, member: string): Promise<string> {
  return get(`${page}/live?member=${member}`)
}

async function firstConnector(): Promise<string> {
  return /href="(\/simulator\/[\w-]+\/c\/[\w-]+)"/.exec(await get(simulator.address))?.[1] ?? ''
}
