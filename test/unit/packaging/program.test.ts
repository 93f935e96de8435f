// The installed program: a shell script that starts node with the right flags.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { NODE_FLAGS } from '../../../src/cli/node-flags.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = join(root, 'bin/etcron');
const pack = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly bin: Record<string, string>;
  readonly files: readonly string[];
  readonly version: string;
};
const folder = mkdtempSync(join(tmpdir(), 'etcron-bin-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('bin/etcron', () => {
  it('is what the package installs', () => {
    expect(pack.bin).toEqual({ etcron: 'bin/etcron' });
    expect(pack.files).toEqual(expect.arrayContaining(['bin', 'dist']));
    expect(statSync(program).mode & 0o111).toBe(0o111);
  });

  it('gives node the flags that etcron dev gives its processes', () => {
    expect(readFileSync(program, 'utf8')).toContain(`exec node ${NODE_FLAGS.join(' ')} "`);
  });

  it('runs through a link, from another directory, with its arguments as they are', () => {
    const link = join(folder, 'etcron');
    symlinkSync(program, link);
    expect(execFileSync(link, ['--version'], { cwd: folder, encoding: 'utf8' })).toBe(`${pack.version}\n`);
    expect(() => execFileSync(link, ['no such'], { cwd: folder, stdio: 'pipe' })).toThrow(
      /unknown command 'no such'/,
    );
  });
});
