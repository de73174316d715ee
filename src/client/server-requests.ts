/** What the connector answers when the server asks something of it: as little as the capabilities it declared allow. */

export interface AnswerRules {
  capabilities: Readonly<Record<string, unknown>>
  acceptElicitation: boolean
}

/** Undefined for what was never declared; there is no person and no model behind this client. */
export function answerServerRequest(
  method: string,
  params: unknown,
  rules: AnswerRules,
): Record<string, unknown> | undefined {
  if (method === 'ping') return {}
  if (method === 'roots/list') return 'roots' in rules.capabilities ? { roots: [] } : undefined
  if (method === 'elicitation/create') {
    if (!('elicitation' in rules.capabilities)) return undefined
    return rules.acceptElicitation ? { action: 'accept', content: defaultsOf(params) } : { action: 'cancel' }
  }
  return undefined
}

/** SEP-1034: the defaults that the schema gives for its properties. */
function defaultsOf(params: unknown): Record<string, unknown> {
  const schema = (params as { requestedSchema?: { properties?: unknown } } | undefined)?.requestedSchema
  const properties = Object.entries((schema?.properties ?? {}) as Record<string, { default?: unknown }>)
  return Object.fromEntries(
    properties.flatMap(([name, property]) =>
      property?.default === undefined ? [] : [[name, property.default]],
    ),
  )
}
