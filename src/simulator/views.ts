/** What the simulator's pages show, made from the life of its connectors. */

import type { Listed } from '../client/connector.ts'
import { explainExchange, isSentByBrowser, rpcMethodOf } from '../client/explanation.ts'
import type {
  AttemptView,
  ConnectorPageView,
  MemberView,
  SimulatorPageView,
  ToolView,
} from '../ui/simulator.ts'
import type { WireGroup } from '../ui/wire.ts'
import type { Attempt, WatchedStep } from './attempt.ts'
import { claudeWords } from './claude-words.ts'
import type { Member, SimulatedConnector } from './connector-life.ts'
import { removalOf } from './removal.ts'
import type { Room } from './simulator.ts'

export function listView(
  { base, life, options }: Room,
  problem?: string,
  typed?: URLSearchParams,
): SimulatorPageView {
  const removed = life.lastRemoval()
  return {
    base,
    problem,
    typed: {
      name: typed?.get('name') ?? '',
      url: typed?.get('url') ?? options.url ?? '',
      client: typed?.get('client') ?? 'claude-hosted',
      clientId: typed?.get('client_id') ?? '',
    },
    clients: options.surfaces.map(({ name, title }) => ({ name, title })),
    connectors: life.connectors().map(({ id, members, name, surface, url }) => ({
      id,
      name,
      url,
      client: surface.title,
      isConnected: members.some((member) => member.isConnected),
      isSwitchedOn: members.some((member) => member.isSwitchedOn),
    })),
    removed: removed && {
      name: removed.name,
      says: removalOf(removed.surface).says,
      client: removed.surface.title,
      isRunning: removed.attempts.some(({ isRunning }) => isRunning),
      groups: removed.attempts.flatMap(({ steps }) => steps.map(groupOf)),
    },
  }
}

export function connectorView(
  connector: SimulatedConnector,
  member: Member,
  { base, options }: Room,
): ConnectorPageView {
  const { id, members, name, surface, url } = connector
  return {
    base,
    id,
    name,
    url,
    client: surface.title,
    opensChromium: options.headlessBrowserFor(url, undefined) !== undefined,
    takesAnswerHere: surface.identity.redirect.kind === 'loopback',
    signsIn: surface.challenges.maximumSignIns > 0,
    removal: removalOf(surface).says,
    members: members.map((one) => ({ id: one.id, name: one.name, isConnected: one.isConnected })),
    member: memberView(member, connector),
  }
}

function memberView(member: Member, connector: SimulatedConnector): MemberView {
  const { alwaysAllowed, attempt, id, isConnected, isSwitchedOn, lastCall, name, tools } = member
  return {
    id,
    name,
    isConnected,
    isSwitchedOn,
    tools: tools.map((tool) => toolView(tool, alwaysAllowed)),
    lastCall,
    attempt: attempt && attemptView(attempt, connector),
  }
}

function attemptView(attempt: Attempt, { surface, url }: SimulatedConnector): AttemptView {
  const { failure, isRunning, purpose, signInUrl, steps, waitingFor } = attempt
  return {
    purpose,
    isRunning,
    waitingFor,
    signInUrl,
    failure:
      failure === undefined
        ? undefined
        : {
            says: failure,
            inClaude: claudeWords(surface, steps),
            command: `postern doctor ${url} --as ${surface.name}`,
          },
    groups: steps.map(groupOf),
  }
}

function groupOf({ exchanges, isUnderWay, name, says, title, verdict }: WatchedStep): WireGroup {
  return {
    title,
    says: isUnderWay ? '' : says,
    tone: isUnderWay || verdict === 'skipped' ? 'plain' : verdict === 'passed' ? 'good' : 'bad',
    exchanges: exchanges.map((exchange) => ({
      ...exchange,
      sender: isSentByBrowser(name) ? 'browser' : 'client',
      carries: rpcMethodOf(exchange),
      explains: isPending(exchange) ? '' : explainExchange(name, exchange),
      failure: isPending(exchange) ? 'not answered yet' : exchange.failure,
    })),
  }

  function isPending({ failure, status }: WatchedStep['exchanges'][number]): boolean {
    return isUnderWay && status === undefined && failure === undefined
  }
}

function toolView(tool: Listed, alwaysAllowed: ReadonlySet<string>): ToolView {
  const hints = recordOf(tool.annotations)
  const name = String(tool.name)
  return {
    name,
    title: String(tool.title ?? hints.title ?? ''),
    description: String(tool.description ?? ''),
    kind: hints.readOnlyHint === true ? 'reads' : hints.destructiveHint === true ? 'destroys' : 'writes',
    isAlwaysAllowed: alwaysAllowed.has(name),
    example: JSON.stringify(exampleOf(tool.inputSchema)),
  }
}

/** What the schema asks for, with something of the right type in each place. */
function exampleOf(schema: unknown): Record<string, unknown> {
  const { properties, required } = recordOf(schema)
  const wanted = Array.isArray(required) ? required.map(String) : []
  const values = wanted.map((name): [string, unknown] => {
    const property = recordOf(recordOf(properties)[name])
    const choices = Array.isArray(property.enum) ? property.enum : []
    return [name, property.default ?? choices[0] ?? emptyOf[String(property.type)] ?? '']
  })
  return Object.fromEntries(values)
}

/** A stranger's description may be of any shape. */
function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

const emptyOf: Readonly<Record<string, unknown>> = {
  string: '',
  number: 0,
  integer: 0,
  boolean: false,
  array: [],
  object: {},
}
