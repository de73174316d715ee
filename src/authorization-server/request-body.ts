/** Reads the body of a request to an OAuth endpoint, within its limit. */

import { OAuthError } from '../oauth/errors.ts'
import { readBoundedBody } from '../platform/bounded-body.ts'
import { maximumFormBytes } from './settings.ts'

export async function readBody(request: Request): Promise<string> {
  const bytes = await readBoundedBody(request, maximumFormBytes)
  if (bytes !== undefined) return new TextDecoder().decode(bytes)
  throw new OAuthError('invalid_request', `the body is larger than ${maximumFormBytes} bytes`)
}

/** OAuth 2.1 §3.2: parameters come as application/x-www-form-urlencoded. */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) {
    throw new OAuthError('invalid_request', 'send the parameters as application/x-www-form-urlencoded')
  }
  return new URLSearchParams(await readBody(request))
}
