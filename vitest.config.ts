import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** Two cores: files run in two workers; a flow test may start real processes and a browser. */
const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: process.env.POSTERN_TEST_ALL ? [] : ['test/torture/**', 'test/interop/long/**'],
    globalSetup: ['test/compile-cache.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is to come comes in the end: how soon is the machine's business.
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: 2,
    reporters: ['default'],
  },
})

export default config
