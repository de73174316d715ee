// The doctor’s page as a way into the machine that it runs on: it makes requests for whoever reaches it.

import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { SimulatorServer } from '../../src/app/cli/doctor-ui.ts'
import { claudeHosted } from '../../src/client/surfaces/claude-hosted.ts'
import { type Attack, type Outcome, succeededIf, without } from './attack.ts'
import type { House } from './house.ts'

const file = 'simulator/'
const evilOrigin = 'https://evil.example'

async function withPage(
  house: House,
  attempt: (page: SimulatorServer) => Promise<boolean>,
): Promise<Outcome> {
  const page = await house.startSimulator({
    url: undefined,
    surfaces: [claudeHosted],
    allowsPrivateAddresses: false,
    port: 0,
  })
  try {
    return succeededIf(await attempt(page))
  } finally {
    await page.close()
  }
}

function add(address: string, url: string, origin = new URL(address).origin): Promise<Response> {
  return fetch(`${address}/add`, {
    method: 'POST',
    headers: { origin },
    body: new URLSearchParams({ url, client: claudeHosted.name }),
    redirect: 'manual',
  })
}

/** As a browser asks that was told by a name server of the attacker that the name is at 127.0.0.1. */
function asRebound(address: string): Promise<number> {
  const { pathname, port } = new URL(address)
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, path: pathname, headers: { Host: `evil.example:${port}` } },
      (answer) => {
        answer.resume()
        resolve(answer.statusCode ?? 0)
      },
    )
    asked.on('error', reject)
    asked.end()
  })
}

export const simulatorAttacks: readonly Attack[] = [
  {
    name: '[HS-15] another program or page of the machine asks the doctor’s page without the token of its address',
    source: 'house rule 15; CWE-306',
    guard: without(file, "if (!equalInConstantTime(token, options.token)) return refused(404, 'Not found')"),
    run: (_, house) =>
      withPage(house, async ({ address }) => {
        return (await fetch(new URL('/simulator/guessed', address))).ok
      }),
  },
  {
    name: '[HS-15] a page that got hold of the address posts a form to the doctor’s page',
    source: 'house rule 15; CWE-352',
    guard: without(
      file,
      "if (!isOwnOrigin(request, url)) return refused(403, 'This form was not sent by this page.')",
    ),
    run: (_, house) =>
      withPage(house, async ({ address }) => {
        return (await add(address, 'https://mcp.example.com/mcp', evilOrigin)).status === 303
      }),
  },
  {
    name: '[HS-15] a name of the attacker is pointed at this machine, and the doctor’s page read under it',
    source: 'house rule 15; DNS rebinding, CWE-350',
    guard: without(
      file,
      "if (!isOwnHost(request)) return refused(421, 'This page answers on this machine only.')",
    ),
    run: (_, house) => withPage(house, async ({ address }) => (await asRebound(address)) === 200),
  },
  {
    name: '[HS-15] the doctor’s page is made to ask a server inside, whose URL nobody typed in the terminal',
    source: 'house rule 15; MCP security best practices (SSRF); CWE-918',
    guard: without(
      'app/cli/doctor-ui.ts',
      'const elsewhere = open(() => allowsPrivateAddresses)',
      'const elsewhere = open(() => true)',
    ),
    async run(_, house) {
      let isAsked = false
      const inside = createServer((_request, response) => {
        isAsked = true
        response.writeHead(404).end()
      })
      await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve))
      const { port } = inside.address() as AddressInfo
      try {
        return await withPage(house, async ({ address }) => {
          const added = await add(address, `http://127.0.0.1:${port}/mcp`)
          const connector = new URL(added.headers.get('location') ?? '', address)
          const shown = await (await fetch(connector)).text()
          const live = new URL(/data-from="([^"]+)"/.exec(shown)?.[1] ?? '', address)
          await fetch(`${connector.href}/connect`, {
            method: 'POST',
            headers: { origin: connector.origin },
            body: new URLSearchParams({ member: live.searchParams.get('member') ?? '' }),
            redirect: 'manual',
          })
          while ((await (await fetch(live)).text()).includes('data-state="running"')) await wait(50)
          return isAsked
        })
      } finally {
        inside.close()
      }
    },
  },
  {
    name: '[SBP-07] a page of a public server’s sign-in has the doctor’s browser ask a port of this machine',
    source: 'MCP security best practices (SSRF); CWE-918',
    guard: without(
      'client/guarded-proxy-node.ts',
      'if (isBound && isPrivateAtSight(hostname)) {',
      'if (hostname === closedHost) {',
    ),
    async run(_, house) {
      let isAsked = false
      const inside = createServer((_request, response) => response.end())
      inside.on('connection', () => {
        isAsked = true
      })
      await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve))
      const proxy = await house.openGuardedProxy({ mayBePrivate: () => false, closedHost: undefined })
      try {
        const asked = request(proxy.address, {
          path: `http://127.0.0.1:${(inside.address() as AddressInfo).port}/`,
        })
        asked.on('response', (answer) => answer.resume())
        asked.on('error', () => undefined)
        asked.end()
        await new Promise((resolve) => asked.once('close', resolve))
        return succeededIf(isAsked)
      } finally {
        await proxy.close()
        inside.close()
      }
    },
  },
]
