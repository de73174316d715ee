/** Whether registration takes what other Claude clients, and Claude on other days, send: loopback redirects, secrets, members it does not know, the same name twice (RFC 7591 §2). */

import { type Check, everyClient, notApplicable, passed, violated, warning } from '../check.ts'
import { type Examination, type Exchange, jsonOf, outcomeOf, probed, quoted } from '../examination.ts'
import { isRefusedRequest, isRegistered, returnedError, tokenErrorOf } from '../oauth-requests.ts'
import { unasked } from '../probe-answers.ts'

const shared = {
  stage: 'registration',
  severity: 'error',
  clients: everyClient,
  party: 'authorization-server',
} as const

const probe = 'further-registrations'

export const furtherRegistrations: readonly Check[] = [
  {
    ...shared,
    id: 'loopback-not-allowed',
    title: 'Registration refuses a redirect to the person’s own machine',
    rank: 22,
    source: 'RFC 8252 §8.3',
    claude: 'Claude Code, whose sign-in ends at http://localhost, cannot register.',
    clients: ['code', 'inspector', 'vscode'],
    fix: {
      general:
        'Allow http for the hosts localhost, 127.0.0.1 and [::1], whatever the port; demand https for all others only.',
    },
    judge: withRegistered('loopback', (answer, examination) => {
      const other = probed(examination, probe, 'loopback-address')
      if (isRegistered(answer)) return passed
      if (isRegistered(other)) return notApplicable('one of the two forms is taken')
      return violated(`registration of ${firstRedirect(answer)}: ${told(answer)}`, answer, other)
    }),
  },
  {
    ...shared,
    id: 'one-loopback-host-only',
    title: 'Only one of localhost and 127.0.0.1 is taken as a redirect',
    stage: 'authorize',
    rank: 41,
    severity: 'error',
    source: 'https://github.com/anthropics/claude-code/issues/86233',
    claude: 'Claude Code comes back at http://localhost, other programs at http://127.0.0.1: one is refused.',
    clients: ['code', 'inspector', 'vscode'],
    fix: { general: 'Take http://localhost, http://127.0.0.1 and http://[::1] alike.' },
    judge: (examination) => {
      const pairs = [
        ['loopback', 'loopback-address', isRefusedRegistration],
        ['same-port', 'address', isRefusedRequest],
      ] as const
      for (const [one, other, isRefused] of pairs) {
        const [left, right] = [probed(examination, probe, one), probed(examination, probe, other)]
        if (left === undefined || right === undefined || isRefused(left) === isRefused(right)) continue
        const [no, yes] = isRefused(left) ? [left, right] : [right, left]
        const says = `${firstRedirect(no)} is refused, ${firstRedirect(yes)} is taken`
        // Claude Code uses the name; the address is for others.
        return no === left ? violated(says, no, yes) : warning(says, no, yes)
      }
      return notTried(examination) ?? passed
    },
  },
  {
    ...shared,
    id: 'loopback-port-compared',
    title: 'The port of a redirect to the person’s own machine is compared',
    stage: 'authorize',
    rank: 42,
    source: 'RFC 8252 §7.3',
    claude: 'Claude Code takes whatever port is free, and is told that its redirect is not registered.',
    clients: ['code', 'inspector', 'vscode'],
    fix: { general: 'Compare scheme, host and path of a loopback redirect, and ignore its port.' },
    judge: (examination) => {
      const [portless, documented] = ['portless', 'code 1'].map((label) => {
        return probed(examination, 'client-documents', label)
      })
      // Claude Code’s document names no port.
      if (isRefusedRequest(documented) && portless !== undefined && !isRefusedRequest(portless)) {
        return violated(portTold(documented), documented, portless)
      }
      const [same, other] = ['same-port', 'other-port'].map((label) => probed(examination, probe, label))
      if (same === undefined || other === undefined) return unaskedHere(examination)
      if (isRefusedRequest(same)) return notApplicable('the registered port is refused too')
      // Whoever registers for itself registers its port.
      return isRefusedRequest(other) ? warning(portTold(other), other, same) : passed
    },
  },
  {
    ...shared,
    id: 'registration-reuses-id',
    title: 'Two registrations get the same client id',
    rank: 50,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/966',
    claude:
      'Registers twice within seconds: the code is given to the first registration, and the second asks for the token.',
    clients: ['hosted'],
    fix: { general: 'Make a new client id for every registration, also for a name that is known.' },
    judge: (examination) => {
      const first = examination.facts.registration
      const others = ['everything', 'loopback', 'loopback-address', 'confidential', 'unknown-members']
      const same = others
        .map((label) => probed(examination, probe, label))
        .find((other) => isRegistered(other) && jsonOf(other)?.client_id === jsonOf(first)?.client_id)
      if (first === undefined || !isRegistered(first)) return notApplicable('nothing was registered')
      if (same === undefined) return notTried(examination) ?? passed
      return violated(`both are ${quoted(jsonOf(same)?.client_id)}`, first, same)
    },
  },
  {
    ...shared,
    id: 'unknown-members-refused',
    title: 'Registration refuses members or grants that it does not know',
    rank: 24,
    source: 'RFC 7591 §2',
    claude:
      'Sends more than the least (application_type, further grants, an empty scope), and cannot register.',
    fix: {
      general:
        'Ignore members that are not known, register of the grants those that are, and take an empty scope for none.',
    },
    judge: (examination) => {
      const first = examination.facts.registration
      const least = probed(examination, probe, 'least')
      if (first !== undefined && isRegistered(least)) {
        return violated(
          `what Claude sends: ${told(first)}; with redirect_uris alone it is taken`,
          first,
          least,
        )
      }
      const answer = probed(examination, probe, 'unknown-members')
      if (isRefusedRegistration(answer) && answer !== undefined) {
        return warning(`with further members: ${told(answer)}`, answer)
      }
      return notTried(examination) ?? passed
    },
  },
  {
    ...shared,
    id: 'confidential-registration-refused',
    title: 'Registration refuses clients with a secret',
    rank: 60,
    severity: 'warning',
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/1043',
    claude: 'Some of Claude’s registrations ask for `client_secret_post`, and are refused.',
    clients: ['hosted'],
    fix: {
      general:
        'Take `client_secret_post` and `client_secret_basic` beside `none`, or answer such a registration with `none`.',
    },
    judge: withRegistered('confidential', (answer) => {
      return isRegistered(answer) ? passed : violated(`with client_secret_post: ${told(answer)}`, answer)
    }),
  },
  {
    ...shared,
    id: 'management-address-dead',
    title: 'registration_client_uri leads nowhere',
    rank: 61,
    severity: 'warning',
    source: 'RFC 7592 §2.1',
    claude: 'Clients that look after their registration fail at an address that the server itself gave.',
    clients: ['inspector', 'vscode'],
    fix: { general: 'Leave `registration_client_uri` out, or answer there as RFC 7592 has it.' },
    judge: (examination) => {
      const first = examination.facts.registration
      const { registration_client_uri: uri, registration_access_token: token } = jsonOf(first) ?? {}
      if (uri === undefined) return notApplicable('the answer has no registration_client_uri')
      if (token === undefined) return violated('there is no registration_access_token beside it', first)
      const answer = probed(examination, probe, 'management')
      if (answer === undefined) return notTried(examination) ?? notApplicable('it was not asked')
      return answer.status === 200 ? passed : violated(`GET ${answer.url}: ${outcomeOf(answer)}`, answer)
    },
  },
  {
    ...shared,
    id: 'secret-in-body-refused',
    title: 'The client secret is taken in a header only',
    stage: 'token',
    rank: 22,
    source: 'https://github.com/anthropics/claude-ai-mcp/issues/667',
    claude: 'Hosted Claude sends the secret in the body, and is taken for somebody else.',
    clients: ['hosted'],
    fix: {
      general: 'Take `client_secret` from the body too, and list `client_secret_post` in the metadata.',
    },
    consequenceOf: ['auth-method-changed'],
    judge: (examination) => {
      const body = probed(examination, probe, 'secret-in-body')
      const header = probed(examination, probe, 'secret-in-header')
      if (body === undefined || header === undefined) return notApplicable('no secret was given')
      return isUnknownClient(body) && !isUnknownClient(header)
        ? violated(`in the body: ${told(body)}; by Basic: ${told(header)}`, body, header)
        : passed
    },
  },
]

/** Refused for what it asks, not for how often or by whom. */
function isRefusedRegistration(answer: Exchange | undefined): boolean {
  return answer?.status === 400 || answer?.status === 422
}

function isUnknownClient(answer: Exchange): boolean {
  return answer.status === 401 || tokenErrorOf(answer) === 'invalid_client'
}

/** Taken together with everything else, it was not tried apart. */
function withRegistered(
  label: string,
  judge: (answer: Exchange, examination: Examination) => ReturnType<Check['judge']>,
): Check['judge'] {
  return (examination) => {
    const answer = probed(examination, probe, label)
    if (answer === undefined) return notTried(examination) ?? passed
    if (!isRegistered(answer) && !isRefusedRegistration(answer)) return notApplicable(told(answer))
    return judge(answer, examination)
  }
}

function notTried(examination: Examination): ReturnType<Check['judge']> | undefined {
  const isTried =
    isRegistered(probed(examination, probe, 'everything')) ||
    probed(examination, probe, 'loopback') !== undefined
  return isTried ? undefined : unaskedHere(examination)
}

function unaskedHere(examination: Examination): ReturnType<Check['judge']> {
  return unasked(examination, probe, 'no further client was registered')
}

function firstRedirect({ requestBody, url }: Exchange): string {
  const registered = jsonOf({ responseBody: requestBody })?.redirect_uris
  const first: unknown = Array.isArray(registered)
    ? registered[0]
    : new URL(url).searchParams.get('redirect_uri')
  return String(first)
}

function portTold(answer: Exchange | undefined): string {
  if (answer === undefined) return ''
  return `${firstRedirect(answer)}: ${returnedError(answer) ?? outcomeOf(answer)}`
}

function told(answer: Exchange): string {
  const { error, error_description: description } = jsonOf(answer) ?? {}
  const words = [error, description].filter((word) => typeof word === 'string')
  return [outcomeOf(answer), ...words.map(quoted)].join(' ')
}
