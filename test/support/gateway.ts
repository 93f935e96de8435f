// etcd's JSON gateway, for what the product never does: users, roles, switching
// authentication on, alarms, defragmentation.
import type { TestEtcd } from './etcd.ts';

export async function gateway(
  server: TestEtcd,
  path: string,
  body: object = {},
  timeoutMs = 30_000,
): Promise<unknown> {
  const answer = await fetch(`${server.endpoint}/v3/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!answer.ok) throw new Error(`etcd refused ${path}: ${await answer.text()}`);
  return answer.json();
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Users `root` (all) and `cron` (reads and writes under `prefix`), both with password `secret`. */
export async function enableAuth(server: TestEtcd, prefix: string, prefixEnd: string): Promise<void> {
  for (const name of ['root', 'cron']) {
    await gateway(server, 'auth/user/add', { name, password: 'secret' });
    await gateway(server, 'auth/role/add', { name });
    await gateway(server, 'auth/user/grant', { user: name, role: name });
  }
  const perm = { permType: 'READWRITE', key: base64(prefix), range_end: base64(prefixEnd) };
  await gateway(server, 'auth/role/grant', { name: 'cron', perm });
  await gateway(server, 'auth/enable');
}
