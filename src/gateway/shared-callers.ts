/** One process for everybody: every caller becomes the same one, and nobody can tell from it what another does (house rule 1). */

import { isRequest } from '../mcp/json-rpc.ts'
import { setValue } from '../mcp/json-text.ts'
import type { Upstream, UpstreamCall, UpstreamCaller, UpstreamSession } from './upstream.ts'

/** Ids and progress tokens are the peer's business; here callers lose what tells them apart, or would let the server ask one of them. */
export function shareAmongCallers(upstream: Upstream): Upstream {
  return {
    ...upstream,
    // What is one for everybody holds nothing of any of them: each instance has its own.
    isLocal: false,
    initialize(call) {
      const messages = call.messages.map((message) =>
        isRequest(message) ? { ...message, params: { ...message.params, capabilities: {} } } : message,
      )
      const text = setValue(call.text, ['params', 'capabilities'], {})
      return upstream.initialize({ ...shared(call), messages, text, bytes: undefined })
    },
    post: (call) => upstream.post(shared(call)),
    listen: (call, onEnd) => upstream.listen(shared(call), onEnd),
    end: (caller, session) => upstream.end(everybody(caller), sessionOf(caller, session)),
  }
}

function shared(call: UpstreamCall): UpstreamCall {
  const { caller, session } = call
  return {
    ...call,
    caller: everybody(caller),
    session: session === undefined ? undefined : sessionOf(caller, session),
  }
}

function everybody(caller: UpstreamCaller): UpstreamCaller {
  return { ...caller, key: 'everybody', shared: true }
}

/** Requests without a session are their caller's all the same: another's must not be cancelled by an equal id. */
function sessionOf(caller: UpstreamCaller, session: UpstreamSession): UpstreamSession {
  const key = session.key === '' ? `without a session, ${caller.key}` : session.key
  return { ...session, key, clientCapabilities: {} }
}
