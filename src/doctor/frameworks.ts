/** Which product answers, as far as it says so itself: so that the fix can be told in its words. */

import type { Framework } from './check.ts'
import { type Examination, everyExchange } from './examination.ts'

interface Sign {
  framework: Framework
  header?: string
  value: RegExp
}

/** Of what stands in front to what stands behind; issuers are known by their addresses. */
const signs: readonly Sign[] = [
  { framework: 'cloudflare', header: 'cf-ray', value: /./ },
  { framework: 'vercel', header: 'x-vercel-id', value: /./ },
  { framework: 'api-gateway', header: 'x-amzn-requestid', value: /./ },
  { framework: 'api-gateway', header: 'apim-request-id', value: /./ },
  { framework: 'tunnel', header: 'ngrok-trace-id', value: /./ },
  { framework: 'nginx', header: 'server', value: /^(?:nginx|openresty)/i },
  { framework: 'apache', header: 'server', value: /^apache/i },
  { framework: 'caddy', header: 'server', value: /^caddy/i },
  { framework: 'caddy', header: 'via', value: /caddy/i },
  { framework: 'express', header: 'x-powered-by', value: /^express/i },
  { framework: 'fastmcp', header: 'server', value: /^uvicorn/i },
]

const issuers: readonly Sign[] = [
  { framework: 'auth0', value: /\.auth0\.com$/ },
  { framework: 'entra', value: /^(?:login\.microsoftonline\.com|sts\.windows\.net)$/ },
  { framework: 'cognito', value: /^cognito-idp\..*\.amazonaws\.com$/ },
  { framework: 'google', value: /^accounts\.google\.com$/ },
]

export function recogniseFrameworks(examination: Examination): Framework[] {
  const found = new Set<Framework>()
  for (const { responseHeaders } of everyExchange(examination)) {
    for (const { framework, header = '', value } of signs) {
      const sent = responseHeaders[header]
      if (sent !== undefined && value.test(sent)) found.add(framework)
    }
  }
  const issuer = examination.facts.issuer
  if (issuer !== undefined && URL.canParse(issuer)) {
    const { hostname, pathname } = new URL(issuer)
    for (const { framework, value } of issuers) if (value.test(hostname)) found.add(framework)
    if (/\/realms\/[^/]+\/?$/.test(pathname)) found.add('keycloak')
  }
  return [...found]
}
