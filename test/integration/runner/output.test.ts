// What tasks write: kept up to the limit, its end in the tail, readable while it is written.
import { closeSync, mkdirSync, readFileSync, statSync, symlinkSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { startOutputs, type Outputs } from '../../../src/worker/output.ts';
import { openPipes } from '../../../src/worker/runner/pipes.ts';
import { openSpool } from '../../../src/worker/runner/spool.ts';
import { waitFor } from '../../support/wait.ts';
import { clock, shell, silent, useRig } from './rig.ts';

const rig = useRig();
const MiB = 1024 * 1024;

test('100 MB of output with a limit of 1 MiB: the file ends with the mark, all is counted, the tail is the end', async () => {
  const runner = await rig.runner();
  const request = shell('head -c 100000000 /dev/zero | tr "\\0" x; echo; echo the end', { outputLimit: MiB });
  const end = await runner.start(request).ended;
  expect(end).toMatchObject({ outcome: 'succeeded', outputBytes: 100_000_009, outputTruncated: true });
  expect(end.tail).toHaveLength(4096);
  expect(end.tail.endsWith('x\nthe end\n')).toBe(true);
  const kept = readFileSync(join(rig.dir, `runs/job/${request.runId}.log`), 'utf8');
  expect(kept.slice(0, MiB)).toBe('x'.repeat(MiB));
  expect(kept.slice(MiB)).toBe(
    `\n[etcron: output cut here, at its limit of ${MiB} bytes]\n[etcron: ${100_000_009 - MiB} bytes were not kept]\n`,
  );
});

test('a task that prints without end is read at a walk past its limit, for the runner has others to see to', async () => {
  const runner = await rig.runner();
  const task = runner.start(
    shell('exec cat /dev/zero', { outputLimit: MiB, timeoutMs: 1_500, killGraceMs: 0 }),
  );
  const end = await task.ended;
  expect(end).toMatchObject({ outcome: 'timed_out', outputTruncated: true });
  // A pause of 5 ms a MiB: 200 MiB in a second at most. Without it a machine that is not busy takes thousands.
  const seconds = (end.endedAt - end.startedAt) / 1_000;
  expect(end.outputBytes).toBeGreaterThan(MiB);
  expect(end.outputBytes / seconds).toBeLessThan(300 * MiB);
});

test('a second attempt goes on in the same file, under the same limit', async () => {
  const runner = await rig.runner();
  const request = shell('printf 12345678', { outputLimit: 10 });
  await runner.start(request).ended;
  const second = await runner.start({ ...request, key: 'second' }).ended;
  expect(second).toMatchObject({ outputBytes: 8, outputTruncated: true, tail: '12345678' });
  await runner.start({ ...request, key: 'third' }).ended;
  const kept = readFileSync(join(rig.dir, `runs/job/${request.runId}.log`), 'utf8');
  expect(kept).toBe(
    '1234567812\n[etcron: output cut here, at its limit of 10 bytes]\n[etcron: 6 bytes were not kept]\n[etcron: 8 bytes were not kept]\n',
  );
});

test('a further attempt begins with a line that says so, on a line of its own, and within the limit', async () => {
  const runner = await rig.runner();
  const request = shell('printf 12345678', { outputLimit: 60 });
  const attempt = (number: number, script: string, more: object = {}) =>
    runner.start({ ...shell(script), ...more, runId: request.runId, key: `${number}`, attempt: number })
      .ended;
  await attempt(1, 'printf "no line end"');
  expect(await attempt(2, 'echo second')).toMatchObject({ outputBytes: 7, tail: 'second\n' });
  await attempt(3, ':');
  await attempt(4, 'printf 1234567890', { outputLimit: 65 });
  const kept = readFileSync(join(rig.dir, `runs/job/${request.runId}.log`), 'utf8');
  expect(kept).toBe(
    `no line end\n[etcron: attempt 2]\nsecond\n[etcron: attempt 4]\n123456\n[etcron: output cut here, at its limit of 65 bytes]\n[etcron: 4 bytes were not kept]\n`,
  );
});

test('a task that closes its output early runs to its end', async () => {
  const runner = await rig.runner();
  const done = join(rig.dir, 'done');
  const end = await runner.start(shell(`echo first; exec >&- 2>&-; sleep 0.1; : > ${done}`)).ended;
  expect(end).toMatchObject({ outcome: 'succeeded', tail: 'first\n' });
  expect(statSync(done).size).toBe(0);
});

test('binary output is kept to the byte; its tail is text of at most 4 KiB', async () => {
  const runner = await rig.runner();
  const request = shell('head -c 200000 /dev/urandom | tee "$COPY"', {
    env: { PATH: process.env['PATH']!, COPY: join(rig.dir, 'copy') },
  });
  const end = await runner.start(request).ended;
  const kept = readFileSync(join(rig.dir, `runs/job/${request.runId}.log`));
  expect(kept.equals(readFileSync(join(rig.dir, 'copy')))).toBe(true);
  expect(kept).toHaveLength(200_000);
  expect(Buffer.byteLength(end.tail)).toBeLessThanOrEqual(4096);
});

test('a tail cut through a character starts after it', async () => {
  const runner = await rig.runner();
  const end = await runner.start(shell('for i in $(seq 500); do printf "€€€€"; done; printf x')).ended;
  expect(end.tail).toBe(`${'€'.repeat(1365)}x`);
});

/** The spool of the run on a disk without room: every write to it is refused as by a full one. */
function fullDisk(runId: string): void {
  mkdirSync(join(rig.dir, 'runs/job'), { recursive: true });
  symlinkSync('/dev/full', join(rig.dir, `runs/job/${runId}.log`));
}

test('a task on a full disk goes on to its end, its tail is kept, and its record tells', async () => {
  const runner = await rig.runner();
  const done = join(rig.dir, 'done');
  const request = shell(`head -c 3000000 /dev/zero | tr "\\0" x; echo; echo the end; : > ${done}`);
  fullDisk(request.runId);
  const end = await runner.start(request).ended;
  expect(end).toMatchObject({
    outcome: 'succeeded',
    outputBytes: 3_000_009,
    outputTruncated: true,
    error: expect.stringMatching(/output could not be kept: ENOSPC/) as string,
  });
  expect(end.tail.endsWith('x\nthe end\n')).toBe(true);
  expect(statSync(done).size).toBe(0);
});

test('an attempt that finds room again is kept, after one that found none', async () => {
  const path = join(rig.dir, 'runs/job/full.log');
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync('/dev/full', path);
  const spool = openSpool({ path, limit: MiB });
  spool.write(Buffer.from('never kept'));
  const { error } = await spool.finish();
  expect(error).toContain('ENOSPC');
  // The next attempt of the same run finds room again.
  unlinkSync(path);
  const next = openSpool({ path, limit: MiB });
  next.write(Buffer.from('kept'));
  expect(await next.finish()).toEqual({ bytes: 4, truncated: false, tail: 'kept' });
  expect(readFileSync(path, 'utf8')).toBe('kept');
});

test('tasks start although the folder for their pipes takes no more', async () => {
  const pipes = openPipes(join(rig.dir, 'not-there'));
  const pipe = await pipes.take();
  expect(writeSync(pipe.write, 'through')).toBe(7);
  closeSync(pipe.write);
  closeSync(pipe.read);
});

async function readAll(outputs: Outputs, runId: string, follow: boolean): Promise<string> {
  const chunks = await outputs.read('job', runId, { follow });
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks!) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

test('two followers read a live run from its beginning to its end, while a plain reader stops at what is there', async () => {
  const runner = await rig.runner();
  const outputs = startOutputs({ dataDir: rig.dir, clock, logger: silent });
  const gate = join(rig.dir, 'gate');
  const request = shell(`echo one; while [ ! -e ${gate} ]; do sleep 0.02; done; echo two`);
  expect(await outputs.read('job', request.runId, { follow: true })).toBeUndefined();
  const end = outputs.begin('job', request.runId);
  const followers = [readAll(outputs, request.runId, true), readAll(outputs, request.runId, true)];
  const task = runner.start(request);
  await waitFor(async () => (await readAll(outputs, request.runId, false)) === 'one\n' || undefined, {
    what: 'the first line is there',
  });

  await runner.start(shell(`: > ${gate}`)).ended;
  await task.ended;
  end();

  expect(await Promise.all(followers)).toEqual(['one\ntwo\n', 'one\ntwo\n']);
  await outputs.stop();
});
