/** Reads the body of a request to an OAuth endpoint, within its limit. */

import { OAuthError } from '../oauth/errors.ts'
import { maximumFormBytes } from './settings.ts'

/** Stops reading at the limit. A length that was told is kept to by HTTP itself (RFC 9112 §6.2), and reading at once is several times as fast. */
export async function readBody(request: Request): Promise<string> {
  const length = request.headers.get('content-length')
  const text =
    length !== null && Number(length) <= maximumFormBytes ? await request.text() : await readStream(request)
  if (text.length <= maximumFormBytes) return text
  throw tooLarge()
}

async function readStream(request: Request): Promise<string> {
  const decoder = new TextDecoder()
  let size = 0
  let text = ''
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    if (size > maximumFormBytes) throw tooLarge()
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function tooLarge(): OAuthError {
  return new OAuthError('invalid_request', `the body is larger than ${maximumFormBytes} bytes`)
}

/** OAuth 2.1 §3.2: parameters come as application/x-www-form-urlencoded. */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) {
    throw new OAuthError('invalid_request', 'send the parameters as application/x-www-form-urlencoded')
  }
  return new URLSearchParams(await readBody(request))
}
