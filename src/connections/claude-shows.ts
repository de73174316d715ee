/** What a person reads in Claude where a connection stops, as people reported it: the same for whoever tells why. */

export const unreachable = '“Couldn’t reach the MCP server” (step=start_error)'
export const noClientId = '“Automatic client registration isn’t supported by …”'
export const noRegistration = '“Couldn’t register with …’s sign-in service”'
export const signInFailed = '“Authorization with the MCP server failed” (step=end_error)'
export const exchangeFailed = 'error_code=mcp_token_exchange_failed'
export const rejected =
  '“Your account was authorized but the integration rejected the credentials” (McpAuthorizationError)'
export const notFound = '“… no MCP server was found at the provided URL”'
export const serverError = '“… returned an error when connecting” (McpServerError)'
export const noTools = '“This connector has no tools available”'
export const expired = '“Connection has expired”'
