/** What is said to Postern under deploy/ is what it listens to. */

import { globSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { optionDefinitions } from '../../src/app/option-definitions.ts'
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
