/** How notifications are answered: 202 and nothing (MCP 2025-11-25, transports). */

import { type Check, everyClient, notApplicable, passed, violated } from '../check.ts'
import { everyExchange, outcomeOf } from '../examination.ts'

export const notifications: readonly Check[] = [
  {
    id: 'notification-refused',
    title: 'A notification is answered with an error',
    stage: 'protocol',
    rank: 20,
    severity: 'error',
    source: 'MCP 2025-11-25 transports, sending messages',
    claude: 'Takes the session for broken right after it was opened.',
    clients: everyClient,
    party: 'server',
    fix: { general: 'Answer every notification with 202 and no body, also one that is not known.' },
    judge: (examination) => {
      const sent = everyExchange(examination).filter(({ requestBody }) =>
        /"method":"notifications\//.test(requestBody ?? ''),
      )
      if (sent.length === 0) return notApplicable('no session was opened')
      const refused = sent.find(({ status }) => status === undefined || status >= 300)
      return refused === undefined
        ? passed
        : violated(`notifications/initialized: ${outcomeOf(refused)}`, refused)
    },
  },
]
