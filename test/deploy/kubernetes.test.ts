/** The Kubernetes objects under deploy/, field by field (Kubernetes API 1.32), and against the program that they start. */

import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { healthPath, readyPath } from '../../src/app/health.ts'
import { deployFolder, readManifests } from './deploy-files.ts'

const defaultPort = 8787
/** `closeDeadlineMs` of src/app/cli/serve.ts. */
const closesWithinSeconds = 8

const name = z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
const labels = z.record(z.string(), z.string())
const metadata = z.strictObject({
  name,
  namespace: name.optional(),
  labels: labels.optional(),
  annotations: labels.optional(),
})
const bare = z.strictObject({ labels: labels.optional(), annotations: labels.optional() })
const selector = z.strictObject({ matchLabels: labels })
const portNumber = z.int().min(1).max(65_535)
const portName = z.string().max(15)
const quantity = z.string().regex(/^\d+(\.\d+)?(m|Ki|Mi|Gi)?$/)
const seconds = z.int().min(1)

const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.string().startsWith('/'), port: z.union([portNumber, portName]) }),
  periodSeconds: seconds.optional(),
  timeoutSeconds: seconds.optional(),
  failureThreshold: seconds.optional(),
})
const key = z.strictObject({ name, key: z.string() })
const variable = z.union([
  z.strictObject({ name: z.string(), value: z.string() }),
  z.strictObject({
    name: z.string(),
    valueFrom: z.union([
      z.strictObject({ fieldRef: z.strictObject({ fieldPath: z.literal('status.podIP') }) }),
      z.strictObject({ secretKeyRef: key }),
    ]),
  }),
])
const resources = z.strictObject({
  requests: z.strictObject({ cpu: quantity, memory: quantity }).optional(),
  limits: z.strictObject({ cpu: quantity.optional(), memory: quantity }),
})

const deployment = z.strictObject({
  apiVersion: z.literal('apps/v1'),
  kind: z.literal('Deployment'),
  metadata,
  spec: z.strictObject({
    replicas: z.int().min(0),
    selector,
    strategy: z.strictObject({
      rollingUpdate: z.strictObject({ maxSurge: z.int(), maxUnavailable: z.int() }),
    }),
    template: z.strictObject({
      metadata: bare,
      spec: z.strictObject({
        automountServiceAccountToken: z.boolean(),
        enableServiceLinks: z.boolean(),
        shareProcessNamespace: z.boolean(),
        terminationGracePeriodSeconds: seconds,
        securityContext: z.strictObject({
          runAsNonRoot: z.literal(true),
          seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
        }),
        topologySpreadConstraints: z.array(
          z.strictObject({
            maxSkew: z.int().min(1),
            topologyKey: z.string(),
            whenUnsatisfiable: z.enum(['ScheduleAnyway', 'DoNotSchedule']),
            labelSelector: selector,
          }),
        ),
        containers: z.array(
          z.strictObject({
            name,
            image: z.string().regex(/^[\w./-]+:[\w.-]+$/),
            envFrom: z.array(
              z.union([
                z.strictObject({ configMapRef: z.strictObject({ name }) }),
                z.strictObject({ secretRef: z.strictObject({ name }) }),
              ]),
            ),
            env: z.array(variable),
            ports: z.array(z.strictObject({ name: portName, containerPort: portNumber })),
            livenessProbe: probe,
            startupProbe: probe,
            readinessProbe: probe,
            lifecycle: z.strictObject({
              preStop: z.strictObject({ exec: z.strictObject({ command: z.array(z.string()) }) }),
            }),
            resources,
            securityContext: z.strictObject({
              allowPrivilegeEscalation: z.literal(false),
              readOnlyRootFilesystem: z.literal(true),
              capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
            }),
            volumeMounts: z.array(z.strictObject({ name, mountPath: z.string().startsWith('/') })),
          }),
        ),
        volumes: z.array(z.strictObject({ name, emptyDir: z.strictObject({ sizeLimit: quantity }) })),
      }),
    }),
  }),
})

const service = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Service'),
  metadata,
  spec: z.strictObject({
    selector: labels,
    ports: z.array(
      z.strictObject({ name: portName, port: portNumber, targetPort: z.union([portNumber, portName]) }),
    ),
  }),
})

const ingress = z.strictObject({
  apiVersion: z.literal('networking.k8s.io/v1'),
  kind: z.literal('Ingress'),
  metadata,
  spec: z.strictObject({
    ingressClassName: name,
    tls: z.array(z.strictObject({ hosts: z.array(z.string()), secretName: name })),
    rules: z.array(
      z.strictObject({
        host: z.string(),
        http: z.strictObject({
          paths: z.array(
            z.strictObject({
              path: z.string().startsWith('/'),
              pathType: z.enum(['Prefix', 'Exact']),
              backend: z.strictObject({
                service: z.strictObject({ name, port: z.strictObject({ name: portName }) }),
              }),
            }),
          ),
        }),
      }),
    ),
  }),
})

const disruptionBudget = z.strictObject({
  apiVersion: z.literal('policy/v1'),
  kind: z.literal('PodDisruptionBudget'),
  metadata,
  spec: z.strictObject({ maxUnavailable: z.int(), selector }),
})

const peer = z.union([
  z.strictObject({ ipBlock: z.strictObject({ cidr: z.cidrv4(), except: z.array(z.cidrv4()).optional() }) }),
  z.strictObject({ podSelector: selector.optional(), namespaceSelector: selector.optional() }),
])
const policyPorts = z.array(
  z.strictObject({ port: z.union([portNumber, portName]), protocol: z.enum(['TCP', 'UDP']).optional() }),
)
const networkPolicy = z.strictObject({
  apiVersion: z.literal('networking.k8s.io/v1'),
  kind: z.literal('NetworkPolicy'),
  metadata,
  spec: z.strictObject({
    podSelector: selector,
    policyTypes: z.tuple([z.literal('Ingress'), z.literal('Egress')]),
    ingress: z.array(z.strictObject({ from: z.array(peer).min(1), ports: policyPorts })),
    egress: z.array(z.strictObject({ to: z.array(peer).min(1), ports: policyPorts })),
  }),
})

const namespace = z.strictObject({ apiVersion: z.literal('v1'), kind: z.literal('Namespace'), metadata })

const kubernetesObject = z.discriminatedUnion('kind', [
  namespace,
  deployment,
  service,
  ingress,
  disruptionBudget,
  networkPolicy,
])

const kustomizationShape = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  namespace: name,
  resources: z.array(z.string()),
  configMapGenerator: z.array(z.strictObject({ name, envs: z.array(z.string()) })),
  secretGenerator: z.array(z.strictObject({ name, envs: z.array(z.string()) })),
})

type KubernetesObject = z.infer<typeof kubernetesObject>

const kustomization = kustomizationShape.parse(readManifests('kubernetes/kustomization.yaml')[0])
const objects = kustomization.resources.flatMap((file) =>
  readManifests(join('kubernetes', file)).map((one) => kubernetesObject.parse(one)),
)
function only<K extends KubernetesObject['kind']>(kind: K): Extract<KubernetesObject, { kind: K }> {
  const [found, another] = objects.filter((one) => one.kind === kind)
  if (found === undefined || another !== undefined) throw new Error(`there is not one ${kind}`)
  return found as Extract<KubernetesObject, { kind: K }>
}
const pods = only('Deployment').spec.template
const [container] = pods.spec.containers
if (container === undefined) throw new Error('there is no container')

test('what is applied is all that is there, and each of it has its shape', () => {
  const files = globSync('*.yaml', { cwd: join(deployFolder, 'kubernetes') })
  expect(files.sort()).toEqual([...kustomization.resources, 'kustomization.yaml'].sort())
  expect(objects.map(({ kind }) => kind).sort()).toEqual([
    'Deployment',
    'Ingress',
    'Namespace',
    'NetworkPolicy',
    'PodDisruptionBudget',
    'Service',
  ])
  expect(only('Namespace').metadata.name).toBe(kustomization.namespace)
})

test('whatever selects pods selects these', () => {
  const selectors = [
    only('Deployment').spec.selector.matchLabels,
    only('Service').spec.selector,
    only('PodDisruptionBudget').spec.selector.matchLabels,
    only('NetworkPolicy').spec.podSelector.matchLabels,
    ...pods.spec.topologySpreadConstraints.map(({ labelSelector }) => labelSelector.matchLabels),
  ]
  for (const labels of selectors) expect(pods.metadata.labels).toMatchObject(labels)
})

test('every port that is named is one of the container', () => {
  const names = container.ports.map(({ name }) => name)
  const { ingress, egress } = only('NetworkPolicy').spec
  const [route] = only('Ingress').spec.rules.flatMap(({ http }) => http.paths)
  const used = [
    ...only('Service').spec.ports.map(({ targetPort }) => targetPort),
    ...[...ingress, ...egress].flatMap(({ ports }) => ports.map(({ port }) => port)),
    container.livenessProbe.httpGet.port,
    container.startupProbe.httpGet.port,
    container.readinessProbe.httpGet.port,
  ].filter((port) => typeof port === 'string')
  for (const port of used) expect(names).toContain(port)
  expect(container.ports.find(({ name }) => name === 'http')?.containerPort).toBe(defaultPort)
  const internal = container.ports.find(({ name }) => name === 'internal')?.containerPort
  expect(container.env).toContainEqual({ name: 'POSTERN_INTERNAL_LISTEN', value: `$(POD_IP):${internal}` })
  expect(route?.backend.service).toEqual({
    name: only('Service').metadata.name,
    port: { name: only('Service').spec.ports[0]?.name },
  })
  expect(route?.path).toBe('/')
})

test('a database that is away restarts nobody, and a pod that ends has time to', () => {
  expect(container.livenessProbe.httpGet.path).toBe(healthPath)
  expect(container.readinessProbe.httpGet.path).toBe(readyPath)
  const [, sleeps = ''] = container.lifecycle.preStop.exec.command
  expect(pods.spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(sleeps) + closesWithinSeconds)
})

test('event streams are not held back, and may be silent for longer than Postern ever is', () => {
  const { annotations = {} } = only('Ingress').metadata
  expect(annotations['nginx.ingress.kubernetes.io/proxy-buffering']).toBe('off')
  expect(Number(annotations['nginx.ingress.kubernetes.io/proxy-read-timeout'])).toBeGreaterThan(60)
  expect(annotations['nginx.org/proxy-buffering']).toBe('false')
})

test('the way out leads to the internet and to no private network', () => {
  const ways = only('NetworkPolicy').spec.egress.flatMap(({ to }) => to)
  const open = ways.flatMap((one) =>
    'ipBlock' in one && one.ipBlock.cidr === '0.0.0.0/0' ? one.ipBlock : [],
  )
  expect(open).toHaveLength(1)
  expect(open[0]?.except).toEqual(
    expect.arrayContaining(['10.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16']),
  )
})

test('secrets are made by the operator: none is here, and none is committed by mistake', () => {
  expect(kustomization.secretGenerator).toEqual([{ name: 'postern', envs: ['secret.env'] }])
  expect(existsSync(join(deployFolder, 'kubernetes/postern.env'))).toBe(true)
  const references = container.envFrom.map((from) => Object.values(from)[0]?.name)
  expect(references).toEqual(['postern', 'postern'])
})

test('a misspelt field, a wrong type and a missing one are seen', () => {
  const deployment = only('Deployment')
  const broken: unknown[] = [
    { ...deployment, spec: { ...deployment.spec, replica: 3 } },
    { ...deployment, spec: { ...deployment.spec, replicas: '3' } },
    { ...deployment, spec: { ...deployment.spec, selector: undefined } },
    { ...deployment, kind: 'Deploymnet' },
  ]
  for (const value of broken) expect(() => kubernetesObject.parse(value)).toThrow()
})
