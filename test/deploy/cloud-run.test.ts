/** deploy/cloud-run.yaml, field by field (Knative Serving v1, with the annotations of Cloud Run), and against the program that it starts. */

import { expect, test } from 'vitest'
import { z } from 'zod'
import { healthPath, readyPath } from '../../src/app/health.ts'
import { readManifests } from './deploy-files.ts'

const defaultPort = 8787

const name = z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
const annotations = z.strictObject({ annotations: z.record(z.string(), z.string()) })
const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.string().startsWith('/'), port: z.literal(8787) }),
  periodSeconds: z.int().min(1),
  failureThreshold: z.int().min(1).optional(),
})
const variable = z.union([
  z.strictObject({ name: z.string(), value: z.string() }),
  z.strictObject({
    name: z.string(),
    valueFrom: z.strictObject({ secretKeyRef: z.strictObject({ name, key: z.string() }) }),
  }),
])

const cloudRunService = z.strictObject({
  apiVersion: z.literal('serving.knative.dev/v1'),
  kind: z.literal('Service'),
  metadata: annotations.extend({ name }),
  spec: z.strictObject({
    template: z.strictObject({
      metadata: annotations,
      spec: z.strictObject({
        containerConcurrency: z.int().min(1).max(1_000),
        timeoutSeconds: z.int().min(1).max(3_600),
        containers: z.array(
          z.strictObject({
            image: z.string(),
            ports: z.array(z.strictObject({ containerPort: z.int() })),
            env: z.array(variable),
            startupProbe: probe,
            livenessProbe: probe,
            resources: z.strictObject({ limits: z.strictObject({ cpu: z.string(), memory: z.string() }) }),
          }),
        ),
      }),
    }),
  }),
})

const service = cloudRunService.parse(readManifests('cloud-run.yaml')[0])
const said = service.spec.template.metadata.annotations
const [container] = service.spec.template.spec.containers

test('one instance is warm, works between requests too, and lets streams live as long as they may', () => {
  expect(Number(said['autoscaling.knative.dev/minScale'])).toBeGreaterThan(0)
  expect(said['run.googleapis.com/cpu-throttling']).toBe('false')
  expect(service.spec.template.spec.timeoutSeconds).toBe(3_600)
  expect(container?.ports).toEqual([{ containerPort: defaultPort }])
  expect(container?.livenessProbe.httpGet.path).toBe(healthPath)
  expect(container?.startupProbe.httpGet.path).toBe(readyPath)
})

test('instances that cannot reach one another run no commands, and secrets come from where secrets are kept', () => {
  const names = container?.env.map(({ name }) => name) ?? []
  expect(names).toContain('POSTERN_UPSTREAM')
  expect(names).not.toContain('POSTERN_COMMAND')
  expect(names).not.toContain('POSTERN_INTERNAL_LISTEN')
  for (const one of container?.env ?? [])
    if (/KEY|PASSWORD/.test(one.name)) expect(one).toHaveProperty('valueFrom.secretKeyRef')
})
