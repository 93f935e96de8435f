// The last line of a test run, alone: `N passed, N failed, N skipped`. For people in a hurry and for CI.
import type { Reporter, TestModule } from 'vitest/node';

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      let own = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        own++;
        if (state === 'passed') count.passed++;
        else if (state === 'failed') count.failed++;
        else count.skipped++;
      }
      // A file that could not be loaded has no tests and counts as one that failed.
      if (own === 0 && !module.ok()) count.failed++;
    }
    // After everything that other reporters and the global teardown have to say.
    process.once('exit', () => {
      // Something outside of the tests failed the run, such as processes left behind.
      if (process.exitCode && count.failed === 0) count.failed = 1;
      process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
    });
  }
}
