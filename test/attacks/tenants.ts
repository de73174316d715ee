// From one tenant or connector into another: with its client, its account, its name, or by making it fall.

import type { PosternOptions } from '../../src/app/postern.ts'
import { readClientMetadata } from '../../src/oauth/client-metadata.ts'
import {
  authorizeUrl,
  callMcp,
  claudeCallback,
  connect,
  type Door,
  notesUpstream,
  pkce,
  register,
} from '../door.ts'
import { type Attack, succeededIf, without } from './attack.ts'
import type { House } from './house.ts'

const list = { id: 1, method: 'tools/list' }
const acme = '/t/acme/mcp'
const globex = '/t/globex/mcp'

type Template = Extract<NonNullable<PosternOptions['connectors']>[number], { tenant: unknown }>

async function openTenants(house: House, tenant: Template['tenant']): Promise<Door> {
  return house.openDoor({ connectors: [{ name: 'Notes of', path: '/t/{tenant}/mcp', tenant }] })
}

const at = (door: Door, path: string): Door => ({ ...door, mcpUrl: `${door.origin}${path}` })

/** True if a person would be shown a page on which to allow it. */
async function isAsked(door: Door, path: string, clientId: string): Promise<boolean> {
  const begun = await door.browser().get(authorizeUrl(at(door, path), clientId, pkce().challenge))
  return begun.headers.get('location')?.startsWith('/oauth/authorize?request=') === true
}

export const tenantAttacks: readonly Attack[] = [
  {
    name: '[HS-08] the client id of one tenant, typed in at another, whose people know it by its name',
    source: 'house rule 8',
    async run(_, house) {
      const door = await openTenants(house, () => ({ upstream: notesUpstream() }))
      const clientId = 'client-acme'
      await door.storage.addPreRegisteredClient({
        clientId,
        kind: 'pre-registered',
        metadata: readClientMetadata({ client_name: 'Globex assistant', redirect_uris: [claudeCallback] }),
        secretHash: undefined,
        similarityKey: clientId,
        createdAt: door.clock.now,
        lastUsedAt: door.clock.now,
        confirmedAt: undefined,
        expiresAt: undefined,
        resource: `${door.origin}${acme}`,
      })
      if (!(await isAsked(door, acme, clientId))) throw new Error('it is of no use at its own tenant')
      return succeededIf(await isAsked(door, globex, clientId))
    },
    guard: without(
      'authorization-server/client-reach.ts',
      'canonicalResource(own) === resource.identifier',
      'true',
    ),
  },
  {
    name: '[HS-08] a client that registers itself where a tenant takes only clients that it was told of',
    source: 'house rule 8',
    async run(_, house) {
      const door = await openTenants(house, () => ({ upstream: notesUpstream(), clients: 'own' }))
      return succeededIf(await isAsked(door, acme, String((await register(door)).client_id)))
    },
    guard: without('authorization-server/client-reach.ts', 'return resource.ownClientsOnly', 'return false'),
  },
  {
    name: '[HS-08] a token that its person still has after the tenant has taken them off its list',
    source: 'house rule 8',
    async run(_, house) {
      let isListed = true
      const door = await openTenants(house, () => ({ upstream: notesUpstream(), people: () => isListed }))
      const { accessToken } = await connect(at(door, acme))
      isListed = false
      return succeededIf((await callMcp(at(door, acme), accessToken, list)).status === 200)
    },
    guard: without('app/connectors.ts', 'arePeopleTold ? entering : entered', 'entered'),
  },
  {
    name: '[HS-08] a tenant whose name means another place to whatever looks it up',
    source: 'OWASP Path Traversal; house rule 8',
    async run(_, house) {
      const asked: string[] = []
      const door = await openTenants(house, (name) => {
        asked.push(name)
        return undefined
      })
      for (const name of [
        'acme%2f..%2fglobex',
        '..%5cglobex',
        '%2e.',
        'acme%00',
        "acme'--",
        'acme;globex',
        '-rf',
      ])
        await callMcp(at(door, `/t/${name}/mcp`), undefined, list)
      return succeededIf(asked.length > 0)
    },
    guard: without(
      'app/connector-path.ts',
      'return isTenantName(tenant) ? tenant : undefined',
      'return tenant',
    ),
  },
  {
    name: '[HS-08] [HS-12] a page that rebinds DNS and finds out which tenants there are',
    source: 'house rule 12',
    async run(_, house) {
      let isAskedFor = false
      const door = await openTenants(house, () => {
        isAskedFor = true
        return undefined
      })
      await door.fetch(`/.well-known/oauth-protected-resource${acme}`, {
        headers: { host: 'rebound.example' },
      })
      return succeededIf(isAskedFor)
    },
    guard: without(
      'app/front-door.ts',
      "if (!rooms.allowedHosts(request.headers.get('host') ?? '')) return undefined",
    ),
  },
  {
    name: '[HS-08] names of tenants, tried without end until the one that people work with is closed',
    source: 'house rule 8',
    async run(_, house) {
      let isClosed = false
      const door = await openTenants(house, (name) => {
        const upstream = notesUpstream()
        const close = async (): Promise<void> => {
          if (name === 'acme') isClosed = true
          await upstream.close()
        }
        return { upstream: { ...upstream, close } }
      })
      const { accessToken } = await connect(at(door, acme))
      await callMcp(at(door, acme), accessToken, list)
      for (let index = 0; index < 1050; index++)
        await door.fetch(`/.well-known/oauth-protected-resource/t/guess-${index}/mcp`)
      return succeededIf(isClosed)
    },
    guard: without('app/connectors.ts', 'all.find(([, { isEntered }]) => !isEntered) ?? all[0]', 'all[0]'),
  },
]
