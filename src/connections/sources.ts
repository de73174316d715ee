/** Where it was read or reported how Claude connects: the pages and issue lists that diagnoses cite. */

export const claudeIssue = (number: number): string =>
  `https://github.com/anthropics/claude-ai-mcp/issues/${number}`
export const codeIssue = (number: number): string =>
  `https://github.com/anthropics/claude-code/issues/${number}`
export const building = 'https://claude.com/docs/connectors/building'
export const troubleshooting: string = `${building}/troubleshooting`
export const authentication: string = `${building}/authentication`
