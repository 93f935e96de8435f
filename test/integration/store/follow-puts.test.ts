// What is put from now on is told once, over cuts; what cannot be told is said.
import { describe, expect, it } from 'vitest';
import { connectEtcd } from '../../../src/common/store/client.ts';
import { underPrefix } from '../../../src/common/store/etcd.ts';
import { startFollowPuts } from '../../../src/common/store/follow-puts.ts';
import { put } from '../../../src/common/store/transactions/parts.ts';
import { systemClock } from '../../../src/common/runtime/clock.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';

const shared = useEtcd();

async function write(key: string, value = 'x'): Promise<number> {
  const result = await shared.etcd.txn({ compare: [], success: [put(key, value)], failure: [] });
  return result.revision;
}

async function following() {
  const proxy = await startTcpProxy(shared.server);
  const etcd = connectEtcd({ endpoints: [proxy.address] });
  const told: string[] = [];
  const begun: number[] = [];
  const follow = startFollowPuts({
    etcd,
    clock: systemClock(),
    range: underPrefix(shared.prefix),
    onPuts: (kvs) => told.push(...kvs.map(({ key }) => key.slice(shared.prefix.length))),
    onBegin: (revision) => begun.push(revision),
  });
  shared.cleanup(async () => {
    follow.stop();
    etcd.close();
    await proxy.stop();
  });
  await waitFor(() => begun.length === 1, { what: 'it has begun' });
  return { proxy, told, begun };
}

describe('following puts', () => {
  it('tells what is put from now on, each once, and no deletion', async () => {
    await write(`${shared.prefix}old`);
    const { told } = await following();
    await write(`${shared.prefix}a`);
    await shared.etcd.txn({
      compare: [],
      success: [{ type: 'delete', key: `${shared.prefix}a` }],
      failure: [],
    });
    await write(`${shared.prefix}b`);
    await waitFor(() => told.includes('b'), { what: 'the last one is told' });
    expect(told).toEqual(['a', 'b']);
  });

  it('tells over a cut what was put meanwhile', async () => {
    const { proxy, told, begun } = await following();
    await write(`${shared.prefix}a`);
    await waitFor(() => told.length === 1, { what: 'the first is told' });
    proxy.refuse(true);
    proxy.cutNow();
    await write(`${shared.prefix}b`);
    proxy.refuse(false);
    await write(`${shared.prefix}c`);
    await waitFor(() => told.includes('c'), { what: 'the last one is told' });
    expect(told).toEqual(['a', 'b', 'c']);
    expect(begun).toHaveLength(1);
  });

  it('says that there is a gap when etcd has compacted what it missed, and goes on', async () => {
    const { proxy, told, begun } = await following();
    proxy.refuse(true);
    proxy.cutNow();
    await write(`${shared.prefix}a`);
    const revision = await write(`${shared.prefix}b`);
    await shared.etcd.compact(revision);
    proxy.refuse(false);
    await waitFor(() => begun.length === 2, { what: 'it begins anew', timeout: 20_000 });
    expect(begun[1]).toBeGreaterThanOrEqual(revision);
    await write(`${shared.prefix}c`);
    await waitFor(() => told.length > 0, { what: 'it is told' });
    expect(told).toEqual(['c']);
  });
});
