/** The addresses of signing in elsewhere: on the way there, and back. */

import { text } from '../ui/text.ts'
import type { OutsideProvider } from './identity-provider.ts'
import type { OutsideLogin, OutsideStep, OutsideVisit } from './outside-login.ts'
import type { SignInHands } from './sign-in-hands.ts'

export interface OutsidePagesOptions {
  login: OutsideLogin
  providers: readonly OutsideProvider[]
  loginPath: string
  hands: SignInHands
}

/** By GET. */
export interface OutsideEndpoint {
  path: string
  handle(request: Request): Promise<Response>
}

export function outsidePath(loginPath: string, name: string): string {
  return `${loginPath}/${name}`
}

/** A session is begun by the way back alone. */
export function outsideEndpoints({
  login,
  providers,
  loginPath,
  hands,
}: OutsidePagesOptions): OutsideEndpoint[] {
  function endpoint(
    name: string,
    take: (visit: OutsideVisit, url: URL, returnTo: string) => Promise<OutsideStep>,
  ): OutsideEndpoint['handle'] {
    return async function signInElsewhere(request) {
      const returnTo = hands.returnOf(request)
      const { browserHash, setCookie } = hands.browserOf(request)
      const visit = { browserHash, flowId: await hands.flowOf(request, returnTo) }
      const step = await take(visit, new URL(request.url), returnTo)
      switch (step.kind) {
        case 'go':
          return hands.goTo(step.location.href, setCookie)
        case 'entered':
          return hands.enter(request, step.user, hands.readReturn(step.returnTo))
        case 'again': {
          const query = new URLSearchParams({ problem: step.problem, at: name })
          query.set('then', hands.readReturn(step.returnTo))
          return hands.goTo(`${loginPath}?${query}`, setCookie)
        }
        case 'unknown':
          return hands.showProblem(400, { kind: 'expired' })
      }
    }
  }

  return providers.flatMap(({ name }) => {
    const path = outsidePath(loginPath, name)
    return [
      { path, handle: endpoint(name, (visit, _, returnTo) => login.begin(name, visit, returnTo)) },
      { path: `${path}/callback`, handle: endpoint(name, (visit, url) => login.finish(name, visit, url)) },
    ]
  })
}

/** After a sign-in that came to nothing, in words of ours. */
export function faultOfReturn(request: Request, providers: readonly OutsideProvider[]): string | undefined {
  const { searchParams } = new URL(request.url)
  const problem = searchParams.get('problem') ?? ''
  const provider = providers.find(({ name }) => name === searchParams.get('at'))
  const sentences: Readonly<Record<string, (provider: string) => string>> = text.signIn.outsideProblem
  if (provider === undefined || !Object.hasOwn(sentences, problem)) return undefined
  return sentences[problem]?.(provider.label)
}
