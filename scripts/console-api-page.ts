/** The reference page of the console's JSON API, from the table that answers it. */

import { apiPath, apiRoutes } from '../src/console/api.ts'

export function consoleApiPage(notice: string): string {
  const rows = apiRoutes.map(({ method, path, says }) => `| \`${method} ${apiPath}${path}\` | ${says} |`)
  return `# The console's JSON API

${notice}

With \`--console\` and a token in \`POSTERN_CONSOLE_TOKEN\` (32 characters or more), what the console shows and does can be had by scripts. Without a token there is no API; a cookie opens nothing here.

\`\`\`sh
curl -H "Authorization: Bearer $POSTERN_CONSOLE_TOKEN" "https://mcp.example.com${apiPath}/connections?only=failing"
\`\`\`

| Request | Answer |
| --- | --- |
${rows.join('\n')}

Lists that may be long come 100 rows at a time, as \`{ "rows": …, "page": 1, "nextPage": 2 }\` and without \`nextPage\` on the last; \`?page=2\` is the next. Instants are epoch seconds. The members of each answer are the types of [reports.ts](../../src/ui/console/reports.ts). A DELETE answers \`{ "done": … }\`, or 404 where there was nothing; what it did is in the audit log as done by the operator. 401 is for whoever does not bring the token, 404 for an address that there is not.
`
}
