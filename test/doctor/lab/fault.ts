// The contract of a fault: a small patch on the good server, in a file that bears the name of the finding that must be first.

import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { createLab, type Edge, type Lab, type LabSettings } from './lab.ts'
import type { LabRun } from './run.ts'

export interface Fault {
  /** Rows of the failure catalogue that it builds, for example `['M1']`. */
  rows: readonly string[]
  /** What is broken, in one line. */
  says: string
  /** The good variant that it breaks; the plain one when left out. */
  settings?: Partial<LabSettings>
  /** How the doctor is run on it, where that is not the usual way. */
  doctor?: Partial<Pick<LabRun, 'surface' | 'isIntrusive' | 'calls' | 'until' | 'url' | 'afterRestart'>>
  break(lab: Lab): void
}

export interface NamedFault extends Fault {
  /** The id of the finding that must be first. */
  id: string
}

/** Every file of `faults/`, by its name. */
export async function loadFaults(): Promise<NamedFault[]> {
  const folder = new URL('../faults/', import.meta.url)
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts'))
  return Promise.all(
    files.sort().map(async (file) => {
      const { fault } = (await import(new URL(file, folder).href)) as { fault: Fault }
      return { ...fault, id: basename(file, '.ts') }
    }),
  )
}

/** The good server of the variant, and the same with the faults in it. */
export function brokenLab(...faults: readonly Fault[]): Lab {
  const lab = createLab(Object.assign({}, ...faults.map(({ settings }) => settings)))
  for (const fault of faults) fault.break(lab)
  return lab
}

/** Requests whose path matches are answered by `edge`; all others pass. */
export function atPath(path: string | RegExp, edge: Edge): Edge {
  return (request, next) => {
    const { pathname } = new URL(request.url)
    const isMeant = typeof path === 'string' ? pathname === path : path.test(pathname)
    return isMeant ? edge(request, next) : next(request)
  }
}

/** Requests to the MCP server with a token that is accepted; whatever else it is asked, it answers as it does. */
export function withToken(edge: Edge): Edge {
  return atPath('/mcp', async (request, next) => {
    if (!request.headers.has('authorization')) return next(request)
    const good = await next(request.clone())
    return good.status === 401
      ? good
      : edge(request, async (passed) => (passed === request ? good : next(passed)))
  })
}

/** The same, of one JSON-RPC method. */
export function onMethod(method: string | RegExp, edge: Edge): Edge {
  return withToken(async (request, next) => {
    const asked = String(await methodOf(request))
    const isMeant = typeof method === 'string' ? asked === method : method.test(asked)
    return isMeant ? edge(request, next) : next(request)
  })
}

export async function methodOf(request: Request): Promise<string | undefined> {
  const text = await request.clone().text()
  return text === '' ? undefined : (JSON.parse(text) as { method?: string }).method
}

/** The JSON answer with its members changed; `undefined` removes one. */
export function withMembers(change: (body: Record<string, unknown>) => Record<string, unknown>): Edge {
  return async (request, next) => {
    const answer = await next(request)
    const body = (await answer
      .clone()
      .json()
      .catch(() => undefined)) as Record<string, unknown> | undefined
    if (body === undefined) return answer
    return new Response(JSON.stringify({ ...body, ...change(body) }), {
      status: answer.status,
      headers: answer.headers,
    })
  }
}

/** The answer with another status, other headers or another body; a header of `undefined` is removed. */
export function changed(change: {
  status?: number
  headers?: Record<string, string | undefined>
  body?: string
}): Edge {
  return async (request, next) => {
    const answer = await next(request)
    const headers = new Headers(answer.headers)
    for (const [name, value] of Object.entries(change.headers ?? {})) {
      if (value === undefined) headers.delete(name)
      else headers.set(name, value)
    }
    const body = change.body ?? (await answer.text())
    // A 204 may have no body, not even an empty one.
    return new Response(body === '' ? null : body, {
      status: change.status ?? answer.status,
      headers,
    })
  }
}

/** The form that is sent, changed before it arrives. */
export function withForm(change: (form: URLSearchParams) => void): Edge {
  return async (request, next) => {
    const form = new URLSearchParams(await request.text())
    change(form)
    const { url, method, headers } = request
    return next(new Request(url, { method, headers, body: form.toString() }))
  }
}

/** The answer with the address changed to which it redirects. */
export function withLocation(change: (target: URL) => void): Edge {
  return async (request, next) => {
    const answer = await next(request)
    const location = answer.headers.get('location')
    if (location === null) return answer
    const target = new URL(location)
    change(target)
    const headers = new Headers(answer.headers)
    headers.set('Location', target.href)
    return new Response(null, { status: answer.status, headers })
  }
}

/** Only answers with this status are changed. */
export function whenStatus(status: number, edge: Edge): Edge {
  return async (request, next) => {
    const answer = await next(request)
    return answer.status === status ? edge(request, async () => answer) : answer
  }
}

export const wellKnownResource: RegExp = /^\/\.well-known\/oauth-protected-resource/
export const wellKnownIssuer: RegExp = /\/\.well-known\/(?:oauth-authorization-server|openid-configuration)/
