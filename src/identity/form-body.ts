/** Reads what a form of ours posted, within its limit (HTML §4.10.21.7, application/x-www-form-urlencoded). */

import { OAuthError } from '../oauth/errors.ts'
import { readBoundedBody } from '../platform/bounded-body.ts'

/** Our forms carry names, passwords and tokens; more than this is not one of them. */
const maximumFormBytes = 16_384

export async function readFormBody(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
    throw new OAuthError('invalid_request', 'this address takes what its own form sends, and nothing else')
  }
  const bytes = await readBoundedBody(request, maximumFormBytes)
  if (bytes === undefined) throw new OAuthError('invalid_request', 'this form is too large')
  return new URLSearchParams(new TextDecoder().decode(bytes))
}
