import { defineConfig } from 'vitest/config';

/** Groups run one after the other: what keeps the processors busy is not beside what waits for moments. */
const GROUPS = {
  works: { maxWorkers: 2, sequence: { groupOrder: 0 } },
  /** With many processes of their own. */
  plays: { maxWorkers: 2, sequence: { groupOrder: 1 } },
  /** For ticks, leases and answers: fewer at a time would leave two processors idle, more would keep them busy. */
  waits: { maxWorkers: 3, maxConcurrency: 3, sequence: { groupOrder: 2 } },
};

const project = (name: string, group: keyof typeof GROUPS, timeout: number) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeout,
    hookTimeout: 60_000,
    ...GROUPS[group],
  },
});

export default defineConfig({
  test: {
    pool: 'forks',
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', 'test/support/closing-line.ts'],
    projects: [
      // Properties run thousands of cases, next to all else that a machine does.
      project('unit', 'works', 60_000),
      project('integration', 'waits', 60_000),
      project('cluster', 'plays', 120_000),
      project('chaos', 'works', 120_000),
      project('simulation', 'works', 120_000),
      project('hostile', 'works', 120_000),
      project('web', 'works', 120_000),
    ],
  },
});
