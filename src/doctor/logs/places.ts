/** What is asked for, by the path: the endpoints of OAuth under the names that servers give them. */

export type Endpoint = 'resource-metadata' | 'server-metadata' | 'register' | 'authorize' | 'token' | 'revoke'

const shapes: readonly (readonly [Endpoint, RegExp])[] = [
  ['resource-metadata', /\/\.well-known\/oauth-protected-resource(?:\/|$)/],
  ['server-metadata', /\/\.well-known\/(?:oauth-authorization-server|openid-configuration)(?:\/|$)/],
  ['register', /\/(?:register|registration|clients-registrations\/openid-connect)\/?$/],
  ['authorize', /\/(?:authorize|openid-connect\/auth)\/?$/],
  ['token', /\/(?:token|access_token)\/?$/],
  ['revoke', /\/(?:revoke|revocation)\/?$/],
]

export function endpointOf(path: string): Endpoint | undefined {
  return shapes.find(([, shape]) => shape.test(path))?.[0]
}

/** With and without a slash at its end it is the same place, for whoever looks at where a client goes. */
export function isSamePlace(left: string, right: string): boolean {
  return left.replace(/\/+$/, '') === right.replace(/\/+$/, '')
}
