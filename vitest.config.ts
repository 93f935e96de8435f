import { defineConfig } from 'vitest/config';

const project = (name: string, timeout: number) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeout,
    hookTimeout: 60_000,
  },
});

export default defineConfig({
  test: {
    pool: 'forks',
    // Most of them wait for time to pass: one alone (vitest's choice on two cores) would leave both idle.
    maxWorkers: 2,
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', 'test/support/closing-line.ts'],
    projects: [
      // Properties run thousands of cases, next to all else that a machine does.
      project('unit', 60_000),
      project('integration', 60_000),
      project('cluster', 120_000),
      project('simulation', 120_000),
      project('hostile', 120_000),
      project('web', 90_000),
    ],
  },
});
