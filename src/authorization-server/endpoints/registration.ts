/** Dynamic client registration (RFC 7591 §3). */

import { formatClientInformation } from '../../oauth/client-metadata.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { readBearer } from '../../oauth/www-authenticate.ts'
import type { Clients } from '../clients.ts'
import { jsonAnswer } from '../json-answer.ts'
import { readBody } from '../request-body.ts'
import type { RequestSource } from '../settings.ts'

export async function registrationEndpoint(
  clients: Clients,
  request: Request,
  source: RequestSource,
): Promise<Response> {
  const body = await readBody(request)
  const document = readRegistration(body)
  const information = await clients.register(document, {
    userAgent: request.headers.get('user-agent') ?? undefined,
    invitation: readBearer(request.headers.get('authorization')),
    source,
  })
  return jsonAnswer(201, formatClientInformation(information))
}

/** The Content-Type is not judged: what parses as an object of metadata is one, and nothing else was sent by mistake. */
export function readRegistration(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (cause) {
    throw new OAuthError('invalid_client_metadata', 'the body must be a JSON object of client metadata', {
      cause,
    })
  }
}
