/** What is said to Postern under deploy/ is what it listens to, and the secrets among it stay where they were written. */

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { optionDefinitions } from '../../src/app/option-definitions.ts'
import { repositoryRoot } from '../interop/child.ts'
import { deployFolder, readDeployFile } from './deploy-files.ts'

test('every variable of Postern that is named under deploy/ is one that it reads', () => {
  const known = new Set(optionDefinitions.flatMap(({ environment }) => environment ?? []))
  // For Caddy, from the one who writes the .env.
  const forCaddy = ['POSTERN_HOST_NAME', 'POSTERN_INSTANCES']
  const files = globSync('**/*', { cwd: deployFolder, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.length).toBeGreaterThan(10)
  const named = files.flatMap(({ parentPath, name }) => {
    const text = readDeployFile(join(parentPath, name).slice(deployFolder.length + 1))
    return [...text.matchAll(/\bPOSTERN_[A-Z_]*[A-Z]/g)].map(([variable]) => variable)
  })
  expect(
    [...new Set(named)].filter((variable) => !known.has(variable) && !forCaddy.includes(variable)),
  ).toEqual([])
})

test('what the guide writes secrets into is ignored by Git, and so by npm too', () => {
  const guide = readFileSync(join(repositoryRoot, 'docs/guides/deploy.md'), 'utf8')
  const written = [...guide.matchAll(/^cat > deploy\/(\S+) <</gm)].map(([, path = '']) => path)
  expect(written).toEqual(['.env', 'kubernetes/secret.env'])
  expect(readDeployFile('.gitignore').split('\n')).toEqual(expect.arrayContaining(written))
})
