/** The published form of the JSON report: what a script may rely on. Members may be added in the same version; none goes or changes. */

import * as z from 'zod'
import { everyClient, stages } from './check.ts'
import { reportVersion } from './report.ts'

const verdict = z.enum(['passed', 'violated', 'warning', 'not-applicable', 'could-not-run', 'needs-consent'])

const finding = z.looseObject({
  id: z.string().describe('Stable; names the fault'),
  title: z.string(),
  severity: z.enum(['error', 'warning']),
  stage: z.enum(stages),
  cause: z.string().describe('What was seen'),
  claude: z.string().describe('What Claude does because of it'),
  seen: z.string().optional().describe('What the person read in Claude'),
  fix: z.string(),
  fixIn: z
    .record(z.string(), z.string())
    .describe('The fix in the words of each product that was recognised'),
  source: z.string().describe('A paragraph of a standard, or an address'),
  clients: z.array(z.enum(everyClient)),
  party: z.enum(['server', 'edge', 'authorization-server', 'set-up']).describe('Whose fault it is'),
  exchanges: z.array(z.number()).describe('Numbers of the exchanges in which it shows'),
  becauseOf: z.string().optional().describe('The id of the finding that explains this one'),
  tolerated: z.string().optional().describe('Why it does not make the run fail'),
})

const exchange = z.looseObject({
  number: z.number(),
  method: z.string(),
  url: z.string(),
  requestHeaders: z.record(z.string(), z.string()),
  requestBody: z.string().optional(),
  status: z.number().optional(),
  responseHeaders: z.record(z.string(), z.string()),
  responseBody: z.string().optional(),
  failure: z.string().optional(),
  startedAtMs: z.number(),
  durationMs: z.number().optional(),
})

export const reportSchema: z.ZodType = z.looseObject({
  reportVersion: z.literal(reportVersion),
  url: z.string(),
  client: z.looseObject({ name: z.string(), title: z.string() }),
  startedAt: z.number().describe('Epoch seconds'),
  durationMs: z.number(),
  until: z.enum(['discovery', 'registration', 'lists']),
  isLocal: z.boolean().describe('How it is reached from the internet was not judged'),
  verdict: z.enum(['works', 'works-with-warnings', 'fails']),
  findings: z.array(finding).describe('The first cause first'),
  checks: z.array(
    z.looseObject({
      id: z.string(),
      title: z.string(),
      stage: z.enum(stages),
      verdict,
      says: z.string().optional(),
    }),
  ),
  frameworks: z.array(z.string()),
  effects: z.array(z.looseObject({ did: z.string(), undone: z.boolean(), says: z.string() })),
  hosts: z.array(z.looseObject({ hostname: z.string(), port: z.number(), roles: z.array(z.string()) })),
  steps: z.array(
    z.looseObject({
      number: z.number(),
      name: z.string(),
      title: z.string(),
      verdict: z.enum(['passed', 'failed', 'skipped']),
      says: z.string(),
      exchanges: z.array(exchange),
      durationMs: z.number(),
    }),
  ),
  probes: z.array(
    z.looseObject({
      name: z.string(),
      title: z.string(),
      verdict: z.enum(['ran', 'not-applicable', 'could-not-run', 'needs-consent']),
      why: z.string().optional(),
      exchanges: z.array(exchange.extend({ label: z.string() })),
    }),
  ),
})

/** JSON Schema 2020-12. */
export function reportJsonSchema(): unknown {
  const title = 'Report of postern doctor'
  return { title, ...(z.toJSONSchema(reportSchema) as object) }
}
