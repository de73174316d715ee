/** Any client before any server: what both eras share passes as it is, the rest is spoken in the server's own (MCP 2026-07-28, versioning; requirements GW-5 to GW-7). */

import { defaultUpstreamLimits, type UpstreamLimits } from '../limits.ts'
import type { Upstream } from '../upstream.ts'
import { createHandshakeUpstream } from './handshake-upstream.ts'
import { createUpstreamEras } from './upstream-eras.ts'

export function createBridge(upstream: Upstream, limits: UpstreamLimits = defaultUpstreamLimits): Upstream {
  const eras = createUpstreamEras(upstream, limits)
  const handshake = createHandshakeUpstream(upstream, limits)

  return {
    name: upstream.name,
    initialize: (call) => upstream.initialize(call),
    async post(call) {
      if (call.era === 'legacy' || (await eras.speaksModern(call.caller))) return upstream.post(call)
      return handshake.post(call)
    },
    listen: (call, onEnd) => upstream.listen(call, onEnd),
    end: (caller, session) => upstream.end(caller, session),
    async close() {
      await handshake.close()
      await upstream.close()
    },
  }
}
