/** Ways in which hosted Claude was seen to differ from its usual self: the same profile with one thing changed, each with its source. */

import type { Evidence, Surface } from './surface.ts'
import { claudeHosted } from './surfaces/claude-hosted.ts'

export interface Variant extends Evidence {
  /** The name for `--variant`. */
  name: string
  /** What is different, for people. */
  says: string
  apply(surface: Surface): Surface
}

const cam = (issue: number): string => `https://github.com/anthropics/claude-ai-mcp/issues/${issue}`

export const hostedVariants: readonly Variant[] = [
  {
    name: 'initialize-first',
    says: 'begins with initialize, and does not know the 2026-07-28 era',
    source: cam(364),
    observedAt: '2026-07',
    apply: (surface) => withMcp(surface, { first: 'initialize', modern: false }),
  },
  {
    name: 'any-accept',
    says: 'accepts any type of answer',
    source: cam(354),
    observedAt: '2026-05',
    apply: (surface) => withMcp(surface, { accept: '*/*' }),
  },
  {
    name: 'stream',
    says: 'asks for the event stream too, before and after the sign-in',
    source: cam(654),
    observedAt: '2026-08',
    apply: (surface) => withMcp(surface, { probesStream: true, opensStream: true }),
  },
  {
    name: 'origin',
    says: 'sends Origin: https://claude.ai with MCP requests',
    source: 'socket-mcp#214',
    observedAt: '2026-08-24',
    apply: (surface) =>
      withMcp(surface, { headers: { ...surface.mcp.headers, Origin: 'https://claude.ai' } }),
  },
  {
    name: 'agent-httpx',
    says: 'calls with the User-Agent of its sign-in',
    source: cam(354),
    observedAt: '2026-10',
    apply: (surface) => withAgent(surface, 'python-httpx/0.28.1'),
  },
  {
    name: 'agent-blank',
    says: 'calls with an empty User-Agent',
    source: cam(923),
    observedAt: '2026-09',
    apply: (surface) => withAgent(surface, ''),
  },
  {
    name: 'toolbox',
    says: 'is the client that calls itself Anthropic/Toolbox',
    source: cam(966),
    observedAt: '2026-09',
    apply: (surface) => withMcp(surface, { clientInfo: { name: 'Anthropic/Toolbox', version: '1.0.0' } }),
  },
  {
    name: 'secret-registration',
    says: 'registers for client_secret_post',
    source: cam(1043),
    observedAt: '2026-09-15',
    apply: (surface) => {
      const { identity } = surface
      const body = { ...identity.registration.body, token_endpoint_auth_method: 'client_secret_post' }
      return { ...surface, identity: { ...identity, registration: { ...identity.registration, body } } }
    },
  },
  {
    name: 'root-slash',
    says: 'sends resource as the metadata’s URL, with a slash where that is a bare origin',
    source: 'https://github.com/anthropics/mcpb/issues/188',
    observedAt: '2026-02',
    apply: (surface) => ({
      ...surface,
      authorization: { ...surface.authorization, resource: 'metadata-url' },
    }),
  },
]

/** Throws `TypeError` for a name that no variant has. */
export function hostedVariant(name: string): Surface {
  const variant = hostedVariants.find((one) => one.name === name)
  if (variant === undefined) {
    const known = hostedVariants.map((one) => one.name).join(', ')
    throw new TypeError(`${JSON.stringify(name)} is no variant of claude-hosted; known are ${known}`)
  }
  const surface = variant.apply(claudeHosted)
  return { ...surface, name: `claude-hosted+${name}`, title: `${claudeHosted.title}, ${variant.says}` }
}

function withMcp(surface: Surface, changed: Partial<Surface['mcp']>): Surface {
  return { ...surface, mcp: { ...surface.mcp, ...changed } }
}

function withAgent(surface: Surface, agent: string): Surface {
  const { userAgents } = surface
  return { ...surface, userAgents: { ...userAgents, stages: { ...userAgents.stages, mcp: agent } } }
}
