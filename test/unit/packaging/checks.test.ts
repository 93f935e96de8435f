// The checks themselves: one that sees nothing passes for ever.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

describe('the checks', () => {
  it('of imports see every source', () => {
    const depcruise = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const args = [depcruise, 'src', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
    const report = JSON.parse(
      execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 }),
    ) as {
      readonly modules: readonly { readonly source: string }[];
    };
    const seen = new Set(report.modules.map((module) => module.source));
    const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    expect(sources.map((name) => `src/${name}`).filter((name) => !seen.has(name))).toEqual([]);
  });

  it('that .ci/run makes are all there', () => {
    const text = readFileSync(join(root, '.ci/run'), 'utf8');
    const called = Array.from(text.matchAll(/npm run --silent (\S+)/g), ([, name]) => name!);
    expect(called).toEqual(
      expect.arrayContaining(['types', 'lint', 'imports', 'format:check', 'openapi:check']),
    );
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(called));
    expect(text).toMatch(/^set -euo pipefail$/m);
    expect(text).toMatch(/^step npm test$/m);
    expect(statSync(join(root, '.ci/run')).mode & 0o100).toBe(0o100);
  });
});
