// Two faults at once: the one that Claude meets first has to be named first.

export const pairs: readonly (readonly [first: string, second: string])[] = [
  ['address-not-public', 'resource-mismatch'],
  ['no-ipv4-address', 'challenge-missing'],
  ['certificate-chain-incomplete', 'token-not-accepted'],
  ['bot-challenge', 'registration-needs-token'],
  ['challenge-missing', 'issuer-mismatch'],
  ['forbidden-without-token', 'callback-not-allowed'],
  ['resource-mismatch', 'pkce-not-advertised'],
  ['issuer-mismatch', 'state-changed'],
  ['registration-without-redirects', 'token-type-missing'],
  ['callback-keeps-post', 'agent-refused-with-token'],
  ['token-type-missing', 'tool-name-invalid'],
  ['agent-refused-with-token', 'notification-refused'],
]
