import { defineConfig, type ViteUserConfig } from 'vitest/config'

const long = process.env.POSTERN_TEST_ALL ? [] : ['test/torture/**', 'test/interop/long/**']

/** Nothing but functions and doors without a socket: a process for each of these files would cost more than most of them. */
const together = ['account', 'endpoints', 'flows', 'fuzz', 'mcp', 'oauth', 'ui'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
)

/** Two cores: files run in two workers; a flow test may start real processes and a browser. */
const config: ViteUserConfig = defineConfig({
  test: {
    globalSetup: ['test/compile-cache.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is to come comes in the end: how soon is the machine's business.
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: 2,
    reporters: ['default'],
    projects: [
      {
        extends: true,
        test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: [...long, ...together] },
      },
      { extends: true, test: { name: 'together', include: together, isolate: false } },
    ],
  },
})

export default config
