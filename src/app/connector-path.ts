/** Where connectors may stand on the door's origin, and how the path of a tenant is read (house rule 8). */

/** Addresses of Postern's own, now or in a version to come; a connector there would hide them. */
const takenPaths =
  /^\/(?:oauth|login|logout|setup|healthz|authorize|token|register|\.well-known|console|account|metrics|readyz)(?:\/|$)/

/** Stands for the tenant in a path, as a whole segment of it. */
export const tenantPlaceholder = '{tenant}'

/** What is wrong with a path, as the end of a sentence; undefined when it can be used. */
export function connectorPathFault(path: string): string | undefined {
  if (!/^(?:\/[A-Za-z0-9._~-]+)+$/.test(path) || /\/\.{1,2}(?:\/|$)/.test(path)) {
    return 'must look like /mcp: letters, digits, - . _ ~, no trailing slash'
  }
  return takenPaths.test(path) ? 'is an address of Postern itself; choose another' : undefined
}

/** The same for a path with a tenant in it. */
export function tenantPathFault(path: string): string | undefined {
  const segments = path.split('/')
  const places = segments.filter((segment) => segment === tenantPlaceholder).length
  if (places !== 1 || segments.indexOf(tenantPlaceholder) < 2) {
    return `must look like /t/${tenantPlaceholder}/mcp: one segment that is ${tenantPlaceholder}, and not the first`
  }
  return connectorPathFault(path.replace(tenantPlaceholder, 'x'))
}

/** True if one request could be meant for both, or if people could take one for the other. */
export function pathsMeet(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => path.toLowerCase().split('/'))
  if (a === undefined || b === undefined || a.length !== b.length) return false
  return a.every((segment, index) =>
    [segment, b[index]].includes(tenantPlaceholder) ? true : segment === b[index],
  )
}

/**
 * The tenant in a path as it was asked for, or undefined. Nothing is decoded, folded or mended on the way: two spellings
 * are two tenants, of which at most one is known.
 */
export function tenantIn(path: string, template: string): string | undefined {
  const [before = '', after = ''] = template.split(tenantPlaceholder)
  if (path.length <= before.length + after.length) return undefined
  if (!path.startsWith(before) || !path.endsWith(after)) return undefined
  const tenant = path.slice(before.length, path.length - after.length)
  return isTenantName(tenant) ? tenant : undefined
}

/** Characters that mean nothing to a URL, a shell, a file system or a program's options, wherever the name is put. */
export function isTenantName(name: string): boolean {
  return /^[A-Za-z0-9](?:[A-Za-z0-9._~-]{0,62}[A-Za-z0-9])?$/.test(name) && !name.includes('..')
}
