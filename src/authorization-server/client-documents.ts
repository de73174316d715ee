/** Clients known by a metadata document of their own (draft-ietf-oauth-client-id-metadata-document §4): fetched, kept while fresh, used again while its host is down. */

import {
  clientIdMetadataDocumentProblems,
  documentFreshSeconds,
  readClientIdMetadataDocument,
} from '../oauth/client-id-metadata-document.ts'
import { type ClientMetadata, formatClientMetadata } from '../oauth/client-metadata.ts'
import { OAuthError, refuseProblems } from '../oauth/errors.ts'
import { OutboundError } from '../platform/outbound-fetch.ts'
import type { RateLimits } from './rate-limits.ts'
import type { AuthorizationServerSettings } from './settings.ts'

export interface ClientDocuments {
  /** Throws `invalid_client` where there is none to go by. Call after `clientIdUrlProblems` found none. */
  find(clientId: string, use: DocumentUse): Promise<ClientMetadata>
}

/** A person is to be asked, for which a document must not have been withdrawn; or somebody whom a person approved goes on. */
export type DocumentUse = 'to-ask' | 'to-go-on'

/** Documents being fetched at one time. */
const maximumDocumentFetches = 10

export function createClientDocuments(
  settings: AuthorizationServerSettings,
  limits: RateLimits,
): ClientDocuments {
  const { storage, clock, telemetry } = settings
  const documentFetches = new Map<string, Promise<ClientMetadata>>()

  async function find(clientId: string, use: DocumentUse): Promise<ClientMetadata> {
    const stored = await storage.findClientDocument(clientId)
    if (stored !== undefined && stored.freshUntil > clock())
      return readClientIdMetadataDocument(stored.document)
    try {
      return await fetchOnce(clientId)
    } catch (error) {
      // Draft §4.4 forbids caching a failure, not using an earlier success while its host is down (RFC 5861 §4).
      const isUsable = use === 'to-go-on' || !(error instanceof DocumentWithdrawn)
      const isOnlyNow = error instanceof OutboundError || isTooMany(error)
      if (stored !== undefined && isOnlyNow && isUsable) return readClientIdMetadataDocument(stored.document)
      if (!(error instanceof OutboundError)) throw error
      telemetry.emit('client.document_failed', clientId, { clientId, reason: error.message })
      throw new OAuthError(
        'invalid_client',
        `the client's metadata document could not be read: ${error.message}`,
      )
    }
  }

  function fetchOnce(clientId: string): Promise<ClientMetadata> {
    const running = documentFetches.get(clientId)
    if (running !== undefined) return running
    if (documentFetches.size >= maximumDocumentFetches) {
      throw new OAuthError('temporarily_unavailable', 'too many client documents are being read; try again')
    }
    limits.take('documents', new URL(clientId).host)
    const fetching = fetchDocument(clientId).finally(() => documentFetches.delete(clientId))
    documentFetches.set(clientId, fetching)
    return fetching
  }

  async function fetchDocument(clientId: string): Promise<ClientMetadata> {
    const answer = await settings.outboundFetch(clientId, { headers: { accept: 'application/json' } })
    if (answer.status !== 200) {
      const says = `${new URL(clientId).host} answered ${answer.status} instead of 200`
      if (answer.status === 404 || answer.status === 410) throw new DocumentWithdrawn('wrong-status', says)
      throw new OutboundError('wrong-status', says)
    }
    const type = answer.headers.get('content-type') ?? ''
    if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(type)) {
      throw new OutboundError('wrong-body', `the document is ${JSON.stringify(type.slice(0, 100))}, not JSON`)
    }
    const document = parseJson(answer.text)
    refuseProblems(clientIdMetadataDocumentProblems(clientId, document))
    const metadata = readClientIdMetadataDocument(document)
    const now = clock()
    const freshUntil = now + documentFreshSeconds(answer.headers.get('cache-control'))
    // What is not understood is not kept: nested deep enough, it could be read and not be written.
    const kept = { client_id: clientId, ...formatClientMetadata(metadata) }
    await storage.saveClientDocument({ clientId, document: kept, fetchedAt: now, freshUntil })
    return metadata
  }

  return { find }
}

/** Not a host that is down: one that says that there is no such document, and no earlier one speaks against it. */
class DocumentWithdrawn extends OutboundError {}

function isTooMany(error: unknown): boolean {
  return error instanceof OAuthError && error.code === 'too_many_requests'
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new OutboundError('wrong-body', 'the document is not JSON', { cause })
  }
}
