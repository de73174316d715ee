/** The first account of a new door, made by whoever holds the setup link (house rule 14). */

import type { Clock } from '../platform/clock.ts'
import { hashToken } from '../platform/crypto.ts'
import type { Telemetry } from '../platform/telemetry.ts'
import type { AccountStorage } from '../storage/storage.ts'
import type { Brand } from '../ui/brand.ts'
import { type AccountProblem, setupPage } from '../ui/setup.ts'
import { text } from '../ui/text.ts'
import { readFormBody } from './form-body.ts'
import type { FormProvider } from './identity-provider.ts'
import type { SignInHands } from './sign-in-hands.ts'

export interface SetupPagesOptions {
  /** Undefined where nobody has an account of this server. */
  provider: FormProvider | undefined
  storage: AccountStorage
  frame: { brand: Brand; homePath: string }
  path: string
  hands: SignInHands
  telemetry: Telemetry
  clock: Clock
}

/** GET consumes nothing: link previews and scanners open links too. */
export function setupEndpoint(options: SetupPagesOptions): (request: Request) => Promise<Response> {
  const { provider, storage, frame, path, hands, telemetry, clock } = options

  async function setup(request: Request): Promise<Response> {
    if (provider === undefined) return hands.showProblem(404, { kind: 'not-found' })
    if (await storage.hasUsers()) return hands.showProblem(404, { kind: 'setup-done' })
    if (request.method === 'POST') return judgeSetup(request, provider)
    if (!(await storage.hasSetupLink(clock()))) return hands.showProblem(404, { kind: 'setup-closed' })
    return showSetup(request, 200, { ...emptySetup, returnTo: hands.returnOf(request) })
  }

  async function judgeSetup(request: Request, provider: FormProvider): Promise<Response> {
    const form = await readFormBody(request)
    const { passwordAgain, password, ...typed } = readSetupForm(form)
    const again = { ...emptySetup, ...typed, returnTo: hands.readReturn(form.get('then')) }
    if (!hands.isGenuinePost(request, form, 'setup')) {
      return showSetup(request, 403, { ...again, fault: text.signIn.expired })
    }
    const flowId = await hands.flowOf(request, again.returnTo)
    const { username, displayName, setupToken } = typed
    const prepared = await provider.prepareAccount({ username, displayName, password, role: 'admin' })
    if (prepared.outcome === 'busy') return showSetup(request, 503, { ...again, fault: text.signIn.busy })
    const differ: AccountProblem[] = password === passwordAgain ? [] : ['passwords-differ']
    if (prepared.outcome === 'refused' || differ.length > 0) {
      const problems = [...(prepared.outcome === 'refused' ? prepared.problems : []), ...differ]
      return showSetup(request, 400, { ...again, problems, fault: text.setup.problems })
    }
    const outcome = await storage.createFirstUser(prepared.user, hashToken(setupToken), clock())
    if (outcome === 'created') {
      telemetry.emit('setup.completed', flowId, { userId: prepared.user.userId })
      return hands.enter(request, prepared.user, again.returnTo)
    }
    telemetry.emit('setup.refused', flowId, { reason: outcome })
    if (outcome === 'not-first') return hands.showProblem(404, { kind: 'setup-done' })
    return showSetup(request, 403, { ...again, isLinkInvalid: true, fault: text.setup.problems })
  }

  function showSetup(request: Request, status: number, state: SetupState): Response {
    const minimumPasswordLength = provider?.minimumPasswordLength ?? 0
    const csrf = hands.browserOf(request).csrf('setup')
    return hands.show(
      request,
      setupPage({ ...state, ...frame, action: path, csrf, minimumPasswordLength }),
      status,
    )
  }

  return setup
}

type SetupState = Omit<
  Parameters<typeof setupPage>[0],
  'brand' | 'homePath' | 'action' | 'csrf' | 'minimumPasswordLength'
>

const emptySetup: Omit<SetupState, 'returnTo'> = {
  setupToken: '',
  username: '',
  displayName: '',
  problems: [],
  isLinkInvalid: false,
  fault: undefined,
}

function readSetupForm(form: URLSearchParams) {
  return {
    setupToken: (form.get('setup') ?? '').trim(),
    username: form.get('username') ?? '',
    displayName: form.get('display_name') ?? '',
    password: form.get('password') ?? '',
    passwordAgain: form.get('password_again') ?? '',
  }
}
