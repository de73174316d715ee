/** Whether Claude’s client metadata documents work where the metadata says so, and do no harm where it does not (OAuth Client ID Metadata Document §4). */

import { type Check, couldNotRun, notApplicable, passed, violated } from '../check.ts'
import { type Examination, type Exchange, outcomeOf, probeOf, quoted } from '../examination.ts'
import { announcesDocuments, listsNone } from '../facts.ts'
import { isRefusedRequest, returnedError, tokenErrorOf } from '../oauth-requests.ts'

const shared = {
  stage: 'registration',
  severity: 'error',
  clients: ['hosted', 'code'],
  party: 'authorization-server',
} as const

export const clientDocuments: readonly Check[] = [
  {
    ...shared,
    id: 'documents-without-none',
    title: 'Client metadata documents are taken, but not of public clients',
    rank: 10,
    source: 'https://github.com/home-assistant/core/issues/179326',
    claude: 'Hosted Claude is a public client: it presents no document, and finds no registration either.',
    seen: 'Automatic client registration isn’t supported',
    clients: ['hosted'],
    fix: {
      general:
        'List "none" in `token_endpoint_auth_methods_supported` beside `client_id_metadata_document_supported: true`.',
    },
    judge: ({ facts }) => {
      const body = facts.issuerMetadata?.body
      if (!announcesDocuments(body)) return notApplicable('no client metadata documents are announced')
      if (typeof body?.registration_endpoint === 'string' || listsNone(body)) return passed
      const methods = quoted(body?.token_endpoint_auth_methods_supported)
      return violated(
        `token_endpoint_auth_methods_supported is ${methods}, and there is no registration_endpoint`,
        facts.issuerMetadata?.exchange,
      )
    },
  },
  {
    ...shared,
    id: 'client-document-refused',
    title: 'Client metadata documents are announced, and a client’s is refused',
    rank: 42,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/650',
    claude:
      'Presents the address of its document as its client id; Claude Code does so on the flag alone, and is refused again and again.',
    fix: {
      general:
        'Let the authorization server fetch https://claude.ai/oauth/* (keep a copy, if a bot check is shown to it), or take `client_id_metadata_document_supported` out of the metadata.',
    },
    judge: withDocuments((examination) => {
      const body = examination.facts.issuerMetadata?.body
      if (body?.require_pushed_authorization_requests === true) {
        return notApplicable('no request is taken in the address')
      }
      // Hosted Claude presents its document only where public clients are taken.
      const presented = listsNone(body) ? ['hosted', 'code', 'own'] : ['code', 'own']
      for (const label of presented) {
        const answers = labelled(examination, label)
        const first = answers[0]
        if (first === undefined || !answers.every(isClientRefused)) continue
        // Known, then, and refused for its port.
        if (label === 'code' && labelled(examination, 'portless').some((one) => !isRefusedRequest(one)))
          continue
        const clientId = new URL(first.url).searchParams.get('client_id')
        return violated(`${clientId}: ${returnedError(first) ?? outcomeOf(first)}`, ...answers)
      }
      return passed
    }),
  },
  {
    ...shared,
    id: 'client-document-flaky',
    title: 'Claude’s client metadata document is taken at one time and refused at another',
    rank: 43,
    source: 'OAuth Client ID Metadata Document §4.4',
    claude: 'Is refused now and then, most often when it asks for the token.',
    fix: {
      general:
        'Keep a fetched document for at least five minutes, and go on with the old one while a new one cannot be fetched.',
    },
    judge: withDocuments((examination) => {
      for (const label of ['hosted', 'code', 'token']) {
        const answers = labelled(examination, label)
        const refused = answers.find((answer) => isClientRefused(answer) || isUnreached(answer))
        const taken = answers.find((answer) => !isClientRefused(answer) && !isUnreached(answer))
        if (refused === undefined || taken === undefined) continue
        return violated(`the same request: ${told(taken)}, then ${told(refused)}`, refused, taken)
      }
      return passed
    }),
  },
  {
    ...shared,
    id: 'url-client-id-fails',
    title: 'A client id that is a URL makes the authorization server fail',
    stage: 'authorize',
    rank: 20,
    source: 'https://gofastmcp.com/servers/auth/oauth-proxy',
    claude:
      'Presents the address of its metadata document as its client id, and is answered with a server error.',
    fix: {
      general:
        'Take a client id for any text of up to 2,000 characters: hash it before it is a file name or a key, and compare it decoded.',
    },
    consequenceOf: ['client-document-flaky'],
    judge: (examination) => {
      const answers = ['unannounced', 'unannounced-token', 'hosted', 'code', 'token'].flatMap((label) => {
        return labelled(examination, label)
      })
      if (answers.length === 0) return notApplicable('no authorization endpoint is known')
      const failed = answers.find(({ status }) => status !== undefined && status >= 500)
      return failed === undefined ? passed : violated(`${failed.method}: ${outcomeOf(failed)}`, failed)
    },
  },
]

function withDocuments(judge: Check['judge']): Check['judge'] {
  return (examination) => {
    if (!announcesDocuments(examination.facts.issuerMetadata?.body)) {
      return notApplicable('no client metadata documents are announced')
    }
    return labelled(examination, 'code').length === 0
      ? couldNotRun('no document was presented')
      : judge(examination)
  }
}

/** The answers to one request, in the order in which it was repeated. */
function labelled(examination: Examination, label: string): Exchange[] {
  const exchanges = probeOf(examination, 'client-documents')?.exchanges ?? []
  return exchanges.filter((exchange) => exchange.label.split(' ')[0] === label)
}

/** As the client that it is: a request that is refused for another reason comes back with another error. */
function isClientRefused(answer: Exchange): boolean {
  const error = returnedError(answer) ?? tokenErrorOf(answer)
  if (error !== undefined) return error === 'invalid_client' || error === 'unauthorized_client'
  const isPage = answer.method === 'GET' && isRefusedRequest(answer)
  return isPage && !isUnreached(answer)
}

function isUnreached({ status }: Exchange): boolean {
  return status === undefined || status >= 500
}

function told(answer: Exchange): string {
  return returnedError(answer) ?? tokenErrorOf(answer) ?? outcomeOf(answer)
}
