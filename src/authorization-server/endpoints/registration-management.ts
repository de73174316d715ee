/** The client configuration endpoint (RFC 7592 §2): the registration endpoint, asked about one registration by its holder. */

import { formatClientInformation } from '../../oauth/client-metadata.ts'
import { readBearer } from '../../oauth/www-authenticate.ts'
import { jsonAnswer } from '../json-answer.ts'
import type { ManagedRegistrations } from '../managed-registrations.ts'
import { readBody } from '../request-body.ts'
import type { RequestSource } from '../settings.ts'
import { readRegistration } from './registration.ts'

export async function registrationManagementEndpoint(
  registrations: ManagedRegistrations,
  request: Request,
  source: RequestSource,
): Promise<Response> {
  const clientId = new URL(request.url).searchParams.get('client_id') ?? ''
  const token = readBearer(request.headers.get('authorization'))
  switch (request.method) {
    case 'PUT': {
      const document = readRegistration(await readBody(request))
      return jsonAnswer(
        200,
        formatClientInformation(await registrations.replace(clientId, token, document, source)),
      )
    }
    case 'DELETE':
      await registrations.remove(clientId, token)
      return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
    default:
      return jsonAnswer(200, formatClientInformation(await registrations.read(clientId, token)))
  }
}
