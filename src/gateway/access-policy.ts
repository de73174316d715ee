/** What the operator allows and denies of an upstream, by name, by annotation and by method, for everybody or for some: what is denied is neither listed nor answered (requirement GW-11). */

import {
  isRequest,
  isResponse,
  type JsonRpcMessage,
  type JsonRpcRequest,
  jsonRpcCodes,
} from '../mcp/json-rpc.ts'
import type { Principal } from './admission.ts'
import type { Catalogue, ToolSummary } from './catalogue.ts'
import { isAmbiguous } from './policy.ts'
import { RpcRefusal } from './refusal.ts'
import type { UpstreamCall } from './upstream.ts'

export interface PolicyRule {
  /** Whom it is for: whose token has one of these scopes. Default everybody. */
  scopes?: readonly string[] | undefined
  /** Whom it is for: who is in one of these groups; a role is one too. Default everybody. */
  groups?: readonly string[] | undefined
  /** Of each kind that it names, nothing else. What several rules allow the same caller adds up. */
  allow?: PolicySelection | undefined
  /** Stronger than whatever allows it. */
  deny?: PolicySelection | undefined
}

/** Names as the upstream writes them; `*` stands for any characters. */
export interface PolicySelection {
  /** Or by what the upstream says of them. A tool that says nothing counts as destructive (MCP, ToolAnnotations). */
  tools?: readonly string[] | 'read-only' | 'destructive' | 'not-destructive' | undefined
  prompts?: readonly string[] | undefined
  /** By URI. */
  resources?: readonly string[] | undefined
  /** Of JSON-RPC. What a session needs to come about is always allowed. */
  methods?: readonly string[] | undefined
}

export interface AccessPolicy {
  /** Throws a `Refusal` for a call that is denied. */
  judge(call: UpstreamCall, principal: Principal): Promise<void>
  /** For the lists of this caller; undefined where nothing can be missing from them. */
  visibility(principal: Principal): Visibility | undefined
}

/** Whether an entry of a list is shown. */
export type Visibility = (list: ListName, entry: Readonly<Record<string, unknown>>) => boolean

export type ListName = 'tools' | 'prompts' | 'resources' | 'resourceTemplates'

/** `summarize` reads a tool as a list has it. */
export function createAccessPolicy(
  rules: readonly PolicyRule[],
  catalogue: Pick<Catalogue, 'findTool'>,
  summarize: (tool: unknown) => ToolSummary | undefined,
): AccessPolicy {
  function rulesFor({ scope, groups = [] }: Principal): PolicyRule[] {
    const holds = (wanted: readonly string[] | undefined, own: readonly string[]): boolean =>
      wanted === undefined || wanted.some((one) => own.includes(one))
    return rules.filter((rule) => holds(rule.scopes, scope) && holds(rule.groups, groups))
  }

  async function isTargetDenied(
    { kind, names }: Target,
    call: UpstreamCall,
    own: readonly PolicyRule[],
  ): Promise<boolean> {
    if (kind !== 'tools') return !isPermitted(own, kind, (patterns) => isNamed(patterns, names))
    const [name = ''] = names
    const tool = own.some(choosesByHint) ? await catalogue.findTool(call, name) : undefined
    // What cannot be looked up may be anything.
    if (tool === undefined && own.some(choosesByHint)) return true
    return !isPermitted(own, 'tools', (choice) => isChosen(choice, name, tool))
  }

  return {
    async judge(call, principal) {
      const own = rulesFor(principal)
      if (own.length === 0) return
      // Another parser may read another name than we do.
      if (isAmbiguous(call.text, call.batch))
        throw new RpcRefusal(400, jsonRpcCodes.invalidRequest, 'a member of the message is repeated')
      for (const message of call.messages) {
        if (isResponse(message)) continue
        const { method } = message
        const isMethodDenied =
          !isVital(method) && !isPermitted(own, 'methods', (patterns) => isNamed(patterns, [method]))
        if (isMethodDenied) throw refusalOf(message, undefined, call)
        for (const target of targetsOf(message)) {
          if (await isTargetDenied(target, call, own)) throw refusalOf(message, target, call)
        }
      }
    },
    visibility(principal) {
      const own = rulesFor(principal)
      if (own.length === 0) return undefined
      return function isVisible(list, entry) {
        const kind = list === 'resourceTemplates' ? 'resources' : list
        if (kind === 'tools') {
          const tool = summarize(entry)
          return isPermitted(own, kind, (choice) => isChosen(choice, String(entry.name), tool))
        }
        const name = kind === 'prompts' ? entry.name : (entry.uri ?? entry.uriTemplate)
        return isPermitted(own, kind, (names) => isNamed(names, [String(name)]))
      }
    },
  }
}

type Kind = keyof PolicySelection

/** Denied by no rule, and allowed by one where any says what is allowed. */
function isPermitted<K extends Kind>(
  rules: readonly PolicyRule[],
  kind: K,
  matches: (choice: NonNullable<PolicySelection[K]>) => boolean | 'partly',
): boolean {
  const of = (selection: PolicySelection | undefined): boolean | 'partly' | undefined => {
    const choice = selection?.[kind]
    return choice === undefined ? undefined : matches(choice)
  }
  // One spelling that is denied, or one that is not allowed, is enough.
  if (rules.some(({ deny }) => of(deny) === true || of(deny) === 'partly')) return false
  const allowed = rules.map(({ allow }) => of(allow)).filter((one) => one !== undefined)
  return allowed.length === 0 || allowed.includes(true)
}

function isChosen(
  choice: NonNullable<PolicySelection['tools']>,
  name: string,
  tool: ToolSummary | undefined,
): boolean {
  if (choice === 'read-only') return tool?.readOnly ?? false
  if (choice === 'destructive') return tool?.destructive === true
  if (choice === 'not-destructive') return tool?.destructive === false
  return isNamed(choice, [name]) === true
}

function choosesByHint({ allow, deny }: PolicyRule): boolean {
  return [allow, deny].some((selection) => typeof selection?.tools === 'string')
}

function isNamed(patterns: readonly string[], names: readonly string[]): boolean | 'partly' {
  const found = names.filter((name) => patterns.some((pattern) => fits(pattern, name)))
  if (found.length === names.length) return true
  return found.length > 0 && 'partly'
}

/** Without a regular expression, which a pattern could make slow. */
function fits(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return name === pattern
  if (!name.startsWith(first)) return false
  let at = first.length
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}

interface Target {
  kind: 'tools' | 'prompts' | 'resources'
  /** Every spelling under which the upstream may take it. */
  names: readonly string[]
}

/** What a message is about, whether it has an id or not: servers that look at the method first do it all the same. */
function targetsOf({ method, params = {} }: Pick<JsonRpcRequest, 'method' | 'params'>): readonly Target[] {
  if (method === 'tools/call') return [{ kind: 'tools', names: [String(params.name)] }]
  if (method === 'prompts/get') return [{ kind: 'prompts', names: [String(params.name)] }]
  if (method.startsWith('resources/') && params.uri !== undefined) return [resource(params.uri)]
  if (method === 'subscriptions/listen') return watchedResources(params)
  if (method !== 'completion/complete') return []
  const { name, uri } = (params.ref ?? {}) as { name?: unknown; uri?: unknown }
  return [uri === undefined ? { kind: 'prompts', names: [String(name)] } : resource(uri)]
}

/** To hear that something changes is to know that it is there (MCP 2026-07-28, subscriptions). */
function watchedResources(params: Readonly<Record<string, unknown>>): readonly Target[] {
  const { resourceSubscriptions } = (params.notifications ?? {}) as { resourceSubscriptions?: unknown }
  return Array.isArray(resourceSubscriptions) ? resourceSubscriptions.map(resource) : []
}

/** As it is written, and with its dots and escapes resolved. */
function resource(uri: unknown): Target {
  const written = String(uri)
  const resolved = URL.canParse(written) ? new URL(written).href : written
  return { kind: 'resources', names: [...new Set([written, resolved, unescaped(resolved)])] }
}

function unescaped(uri: string): string {
  try {
    const plain = decodeURIComponent(uri)
    return URL.canParse(plain) ? new URL(plain).href : plain
  } catch {
    return uri
  }
}

function isVital(method: string): boolean {
  return method.startsWith('notifications/') || vitalMethods.has(method)
}

const vitalMethods: ReadonlySet<string> = new Set(['initialize', 'ping', 'server/discover'])

/** In the words in which a server says that it has no such thing: what is denied is not there. */
function refusalOf(
  message: JsonRpcMessage,
  target: Target | undefined,
  { era, batch }: UpstreamCall,
): RpcRefusal {
  if (batch)
    return new RpcRefusal(400, jsonRpcCodes.invalidRequest, 'a part of this batch is not allowed here')
  if (!isRequest(message)) return new RpcRefusal(400, jsonRpcCodes.invalidRequest, 'this is not allowed here')
  const { id, method } = message
  if (target === undefined) {
    const status = era === 'modern' ? 404 : 200
    return new RpcRefusal(status, jsonRpcCodes.methodNotFound, `Method not found: ${method}`, { id })
  }
  const name = JSON.stringify(target.names[0])
  if (target.kind === 'resources' && era === 'legacy')
    return new RpcRefusal(200, resourceNotFound, `Resource not found: ${name}`, { id })
  return new RpcRefusal(200, jsonRpcCodes.invalidParams, `${unknown[target.kind]}: ${name}`, { id })
}

const unknown = { tools: 'Unknown tool', prompts: 'Unknown prompt', resources: 'Resource not found' } as const

/** MCP 2024-11-05 to 2025-11-25, resources, error handling. */
const resourceNotFound = -32002
