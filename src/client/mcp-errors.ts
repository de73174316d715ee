/** What an MCP request can end in instead of a result, kept apart because each asks for another next step. */

import type { JsonRpcErrorBody, JsonRpcResponse } from '../mcp/json-rpc.ts'
import type { BearerChallenge } from '../oauth/www-authenticate.ts'

/** The server asks who is there (401), or says that the token is not enough (403). */
export class Challenged extends Error {
  readonly status: 401 | 403
  readonly challenge: BearerChallenge | undefined
  readonly hadToken: boolean

  constructor(status: 401 | 403, challenge: BearerChallenge | undefined, hadToken: boolean) {
    const error = challenge?.error === undefined ? '' : ` ${challenge.error}`
    const described = challenge?.errorDescription === undefined ? '' : `: ${challenge.errorDescription}`
    super(`${status}${error}${described}`)
    this.name = 'Challenged'
    this.status = status
    this.challenge = challenge
    this.hadToken = hadToken
  }
}

/** An HTTP answer that is no answer in MCP, or carries an error in its body. */
export class UnexpectedAnswer extends Error {
  readonly status: number
  readonly rpc: JsonRpcResponse | undefined

  constructor(status: number, says: string, message: JsonRpcResponse | undefined) {
    super(says)
    this.name = 'UnexpectedAnswer'
    this.status = status
    this.rpc = message
  }
}

/** 404 for a session id that the server once gave. */
export class SessionLost extends Error {
  constructor() {
    super('the server no longer knows the session')
    this.name = 'SessionLost'
  }
}

/** The server answered, with a JSON-RPC error. */
export class RpcFailure extends Error {
  readonly code: number
  readonly data: unknown

  constructor(method: string, error: JsonRpcErrorBody) {
    super(`${method}: ${error.message} (${error.code})`)
    this.name = 'RpcFailure'
    this.code = error.code
    this.data = error.data
  }
}
