import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimDir, DirHeld, type DirClaim } from '../../../src/common/runtime/dir-claim.ts';

let root: string;
let dir: string;
const claims: DirClaim[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'etcron-claim-'));
  dir = join(root, 'data');
});
afterEach(() => {
  for (const claim of claims.splice(0)) claim.release();
  rmSync(root, { recursive: true, force: true });
});

async function claimed(directory = dir): Promise<DirClaim> {
  const result = await claimDir(directory, 0);
  if (!result.ok) throw new DirHeld(directory, result.holder, 'nobody should');
  claims.push(result.claim);
  expect(result.claim.unguarded).toBeUndefined();
  return result.claim;
}

/** What a process leaves that is killed while it holds the directory. */
function leaveBehind(name: string): void {
  mkdirSync(dir, { recursive: true });
  const script = `require('node:net').createServer().listen(${JSON.stringify(name)}, () => process.kill(process.pid, 'SIGKILL'))`;
  expect(spawnSync(process.execPath, ['-e', script], { cwd: dir }).signal).toBe('SIGKILL');
  expect(existsSync(join(dir, name))).toBe(true);
}

describe('a directory', () => {
  it('has one holder, of whom the next one is told', async () => {
    await claimed();
    const second = await claimDir(dir, 0);
    expect(second).toEqual({ ok: false, holder: { pid: process.pid } });
    const { message } = new DirHeld('/data', { pid: 7 }, 'choose another');
    expect(message).toBe('--data-dir: /data is in use by another process (pid 7): choose another');
  });

  it('is free again when it is released, and nothing is left in it', async () => {
    (await claimed()).release();
    expect(readdirSync(dir)).toEqual([]);
    await claimed();
  });

  it('has never two holders, and one at least, when many ask at once', async () => {
    let holders = 0;
    const ask = async (): Promise<boolean> => {
      const result = await claimDir(dir, 60_000);
      if (!result.ok) return false;
      expect(++holders).toBe(1);
      // Others get to look at it meanwhile.
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      holders--;
      result.claim.release();
      return true;
    };
    for (let round = 0; round < 10; round++) {
      const held = await Promise.all(Array.from({ length: 12 }, ask));
      expect(held).toContain(true);
      expect(readdirSync(dir)).toEqual([]);
    }
  });

  it('goes to the one that waits as soon as the holder is gone', async () => {
    const first = await claimed();
    const waiting = claimDir(dir, 60_000);
    // Another one that does not wait comes after it, and has seen it by then.
    expect((await claimDir(dir, 0)).ok).toBe(false);
    first.release();
    const result = await waiting;
    expect(result.ok).toBe(true);
    if (result.ok) claims.push(result.claim);
  });

  it('is not kept by who was killed, whatever its pid is by now', async () => {
    leaveBehind(`.held-${process.pid}-0123456789abcdef`);
    leaveBehind('.asks-1-0123456789abcdef');
    await claimed();
    expect(readdirSync(dir)).toHaveLength(1);
  });

  it('may have a path that is longer than that of a socket', async () => {
    const deep = join(dir, ...Array.from({ length: 5 }, () => 'x'.repeat(60)));
    await claimed(deep);
    expect((await claimDir(deep, 0)).ok).toBe(false);
  });

  it('may be used when it cannot be guarded, and that is told', async () => {
    writeFileSync(dir, '');
    const result = await claimDir(join(dir, 'below-a-file'), 0);
    expect(result.ok && result.claim.unguarded).toContain('ENOTDIR');
  });
});
