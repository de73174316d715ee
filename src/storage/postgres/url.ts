/** Addresses of PostgreSQL databases (PostgreSQL, connection URIs). */

export function isPostgresUrl(url: string): boolean {
  return /^postgres(ql)?:\/\//.test(url)
}

export function hasPassword(url: string): boolean {
  const { password, searchParams } = new URL(url)
  return password !== '' || searchParams.has('password')
}

/** Unless it has one. */
export function withPassword(url: string, password: string | undefined): string {
  if (password === undefined || hasPassword(url)) return url
  const whole = new URL(url)
  whole.password = encodeURIComponent(password)
  return whole.href
}

/** For messages and lists: where it is, without what opens it. */
export function withoutPassword(url: string): string {
  const shown = new URL(url)
  shown.password = ''
  shown.searchParams.delete('password')
  return shown.href
}
