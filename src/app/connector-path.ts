/** Where a connector may stand on the door's origin. */

/** Addresses of Postern's own, now or in a version to come; a connector there would hide them. */
const takenPaths =
  /^\/(?:oauth|login|logout|setup|healthz|authorize|token|register|\.well-known|console|account)(?:\/|$)/

/** What is wrong with a path, as the end of a sentence; undefined when it can be used. */
export function connectorPathFault(path: string): string | undefined {
  if (!/^(?:\/[A-Za-z0-9._~-]+)+$/.test(path) || /\/\.{1,2}(?:\/|$)/.test(path)) {
    return 'must look like /mcp: letters, digits, - . _ ~, no trailing slash'
  }
  return takenPaths.test(path) ? 'is an address of Postern itself; choose another' : undefined
}
