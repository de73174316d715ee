/** The cookies of one sign-in, kept as a browser keeps them: by host, path and security (RFC 6265 §5). */

import { isLoopbackHost } from '../platform/url.ts'

export interface CookieJar {
  store(url: string, headers: Headers): void
  /** The Cookie header for a request, or undefined when there is nothing to send. */
  header(url: string): string | undefined
}

interface Cookie {
  name: string
  value: string
  domain: string
  isHostOnly: boolean
  path: string
  isSecure: boolean
}

/** As browsers limit it; a server that sets more is cut off. */
const maximumCookies = 100

export function createCookieJar(): CookieJar {
  const cookies = new Map<string, Cookie>()
  return { store, header }

  function store(url: string, headers: Headers): void {
    const from = new URL(url)
    for (const line of headers.getSetCookie()) {
      const cookie = readCookie(line, from)
      if (cookie === undefined) continue
      const key = `${cookie.domain} ${cookie.path} ${cookie.name}`
      if (isExpired(line)) cookies.delete(key)
      else if (cookies.size < maximumCookies || cookies.has(key)) cookies.set(key, cookie)
    }
  }

  function header(url: string): string | undefined {
    const to = new URL(url)
    const sent = [...cookies.values()]
      .filter((cookie) => isSentTo(cookie, to))
      .sort((left, right) => right.path.length - left.path.length)
    return sent.length === 0 ? undefined : sent.map(({ name, value }) => `${name}=${value}`).join('; ')
  }
}

function readCookie(line: string, from: URL): Cookie | undefined {
  const [pair = '', ...attributes] = line.split(';')
  const equals = pair.indexOf('=')
  if (equals < 1) return undefined
  const attribute = (name: string): string | undefined => {
    const found = attributes.find((text) => text.trim().toLowerCase().startsWith(`${name}=`))
    return found?.slice(found.indexOf('=') + 1).trim()
  }
  const domain = attribute('domain')?.replace(/^\./, '').toLowerCase()
  if (domain !== undefined && !isWithin(from.hostname, domain)) return undefined
  const path = attribute('path')
  return {
    name: pair.slice(0, equals).trim(),
    value: pair.slice(equals + 1).trim(),
    domain: domain ?? from.hostname,
    isHostOnly: domain === undefined,
    path: path?.startsWith('/') ? path : defaultPath(from),
    isSecure: attributes.some((text) => text.trim().toLowerCase() === 'secure'),
  }
}

function isExpired(line: string): boolean {
  const maxAge = /;\s*max-age=(-?\d+)/i.exec(line)?.[1]
  if (maxAge !== undefined) return Number(maxAge) <= 0
  const expires = /;\s*expires=([^;]+)/i.exec(line)?.[1]
  return expires !== undefined && Date.parse(expires) <= Date.now()
}

function isSentTo(cookie: Cookie, to: URL): boolean {
  const sameHost = cookie.isHostOnly ? to.hostname === cookie.domain : isWithin(to.hostname, cookie.domain)
  // Browsers take loopback for a secure place, whatever the scheme.
  const secureEnough = !cookie.isSecure || to.protocol === 'https:' || isLoopbackHost(to.hostname)
  return sameHost && secureEnough && isPathWithin(to.pathname, cookie.path)
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`)
}

function isPathWithin(path: string, cookiePath: string): boolean {
  if (path === cookiePath) return true
  return path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`)
}

function defaultPath(from: URL): string {
  const directory = from.pathname.slice(0, from.pathname.lastIndexOf('/'))
  return directory === '' ? '/' : directory
}
