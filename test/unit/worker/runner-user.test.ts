// Which user a task may run as: asked of the host, told by the field.
import { expect, test } from 'vitest';
import { findUser } from '../../../src/worker/runner/user.ts';

test('root may be anybody, with what login sets', async () => {
  expect(await findUser('nobody', 0)).toMatchObject({
    ids: { uid: expect.any(Number), gid: expect.any(Number) },
    env: { USER: 'nobody', LOGNAME: 'nobody', HOME: expect.any(String), SHELL: expect.any(String) },
  });
});

test('anybody may be himself, without a change of ids', async () => {
  const found = await findUser('nobody', 0);
  const { uid } = (found as { ids: { uid: number } }).ids;
  expect(await findUser('nobody', uid)).toEqual({ env: expect.objectContaining({ USER: 'nobody' }) });
});

test('nobody else may be another', async () => {
  expect(await findUser('root', 12_345)).toMatch(
    /^task\.user: running as "root" needs a worker that runs as root; this one runs as "/,
  );
});

test.for(['no-such-user', '--help', 'root:x', ''])('%j is no user', async (name) => {
  expect(await findUser(name, 0)).toBe(
    `task.user: this worker's host has no user "${name}"; name one that exists there`,
  );
});
