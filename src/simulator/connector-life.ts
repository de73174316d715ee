/** The life of connectors as people know it from each client: added, connected, switched on, called, removed and added again. */

import { type ConnectionMemory, createConnectionMemory } from '../client/connection-state.ts'
import type { ConnectOptions, Listed, ToolCall } from '../client/connector.ts'
import type { Surface } from '../client/surface.ts'
import { type Attempt, type AttemptOptions, runAttempt, type SignInWay } from './attempt.ts'
import { removalOf } from './removal.ts'

export interface SimulatedConnector {
  id: string
  name: string
  url: string
  surface: Surface
  clientId: string | undefined
  clientSecret: string | undefined
  /** The owner, who added it, first. Each signs in with an account of their own. */
  members: Member[]
}

export interface Member {
  id: string
  name: string
  memory: ConnectionMemory
  attempt: Attempt | undefined
  isConnected: boolean
  /** As the server gave them when it was connected; nothing but connecting again renews them. */
  tools: readonly Listed[]
  /** In the conversation that is open now. */
  isSwitchedOn: boolean
  alwaysAllowed: Set<string>
  lastCall: { name: string; says: string; isError: boolean } | undefined
}

export interface LifeOptions {
  /** The way out for one target, guarded as its origin deserves. */
  fetchFor(url: string): typeof fetch
  openCallback: ConnectOptions['openCallback']
  createId(): string
}

type Asked = Pick<SimulatedConnector, 'name' | 'url' | 'surface' | 'clientId' | 'clientSecret'>

export interface ConnectorLife {
  connectors(): readonly SimulatedConnector[]
  find(id: string): SimulatedConnector | undefined
  add(asked: Asked): SimulatedConnector
  addMember(connector: SimulatedConnector): Member
  /** Comes back at once, as `call` does; the attempt goes on, and no other is begun beside it. */
  connect(connector: SimulatedConnector, member: Member, browser: SignInWay): void
  call(connector: SimulatedConnector, member: Member, call: ToolCall, allow: 'once' | 'always'): void
  disconnect(member: Member): void
  remove(connector: SimulatedConnector): void
  /** What came of the last removal: some clients tell the server. */
  lastRemoval(): Removed | undefined
  /** Every connector is off again, as in a new conversation; what is allowed for always stays. */
  startConversation(): void
  /** Ends what is under way. */
  close(): void
}

export interface Removed {
  name: string
  surface: Surface
  attempts: readonly Attempt[]
}

export function createConnectorLife(options: LifeOptions): ConnectorLife {
  const connectors: SimulatedConnector[] = []
  /** By domain, for the client that keeps them over removal and shares them among members. */
  const keptClients = new Map<string, ConnectionMemory['clients']>()
  let removed: Removed | undefined

  function addMember(connector: SimulatedConnector): Member {
    const isOwner = connector.members.length === 0
    const member: Member = {
      id: options.createId(),
      name: isOwner ? 'You, who added it' : `Member ${connector.members.length + 1}`,
      memory: createConnectionMemory(),
      attempt: undefined,
      isConnected: false,
      tools: [],
      isSwitchedOn: false,
      alwaysAllowed: new Set(),
      lastCall: undefined,
    }
    connector.members.push(member)
    return member
  }

  function begin(
    connector: SimulatedConnector,
    member: Member,
    purpose: string,
    more: Partial<AttemptOptions>,
  ): ReturnType<typeof runAttempt> {
    const { surface, url } = connector
    const keeps = removalOf(surface).keepsClient
    const kept = keeps ? keptClients.get(domainOf(url)) : undefined
    const running = runAttempt(purpose, {
      url,
      surface,
      fetch: options.fetchFor(url),
      openCallback: options.openCallback,
      memory: kept === undefined ? member.memory : { ...member.memory, clients: kept },
      onMemory: (memory) => {
        member.memory = memory
        if (keeps) keptClients.set(domainOf(url), memory.clients)
      },
      serverName: connector.name,
      clientId: connector.clientId,
      clientSecret: connector.clientSecret,
      ...more,
    })
    member.attempt = running.attempt
    return running
  }

  return {
    connectors: () => connectors,
    find: (id) => connectors.find((connector) => connector.id === id),
    addMember,
    add(asked) {
      const connector: SimulatedConnector = { ...asked, id: options.createId(), members: [] }
      connectors.push(connector)
      addMember(connector)
      return connector
    },
    connect(connector, member, browser) {
      if (member.attempt?.isRunning === true) return
      const { ended } = begin(connector, member, 'Connect', { browser })
      void ended.then(({ connection }) => {
        member.isConnected = connection !== undefined && connection.failure === undefined
        member.isSwitchedOn = member.isConnected
        member.tools = member.isConnected ? (connection?.tools ?? []) : []
      })
    },
    call(connector, member, call, allow) {
      if (member.attempt?.isRunning === true) return
      if (allow === 'always') member.alwaysAllowed.add(call.name)
      member.lastCall = undefined
      const { attempt, ended } = begin(connector, member, `Call ${call.name}`, {
        calls: [call],
        keepsLists: true,
      })
      void ended.then(({ connection }) => {
        const result = connection?.calls.at(-1)?.result
        member.lastCall = {
          name: call.name,
          says: result === undefined ? (attempt.failure ?? 'no answer') : JSON.stringify(result, null, 2),
          isError: result === undefined || result.isError === true,
        }
      })
    },
    disconnect(member) {
      member.attempt?.stop()
      member.memory = { ...member.memory, tokens: undefined }
      Object.assign(member, { isConnected: false, isSwitchedOn: false, tools: [], lastCall: undefined })
    },
    remove(connector) {
      connectors.splice(connectors.indexOf(connector), 1)
      const { members, name, surface } = connector
      for (const { attempt } of members) attempt?.stop()
      const signedIn = members.filter(({ memory }) => memory.tokens !== undefined)
      const attempts = removalOf(surface).revokes
        ? signedIn.map((one) => {
            return begin(connector, one, `Remove, for ${one.name}`, { forget: true, until: 'forgotten' })
              .attempt
          })
        : []
      removed = { name, surface, attempts }
    },
    lastRemoval: () => removed,
    startConversation() {
      for (const { members } of connectors) for (const member of members) member.isSwitchedOn = false
    },
    close() {
      for (const { members } of connectors) for (const { attempt } of members) attempt?.stop()
      for (const attempt of removed?.attempts ?? []) attempt.stop()
    },
  }
}

function domainOf(url: string): string {
  return new URL(url).hostname
}
