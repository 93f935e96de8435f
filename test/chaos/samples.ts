// Memory of the processes and size of etcd's database, looked at now and then.
import { readFileSync } from 'node:fs';
import { childrenOf } from '../support/processes.ts';
import type { Cluster } from './cluster.ts';
import type { Sample, StoreSample } from './events.ts';

const EVERY = 2_000;
const STORE_EVERY = 10_000;
const PAGE = 4_096;
const MIB = 1024 * 1024;

export interface Sampler {
  readonly processes: readonly Sample[];
  readonly store: readonly StoreSample[];
  stop(): void;
}

export function startSampler(cluster: Cluster): Sampler {
  const processes: Sample[] = [];
  const store: StoreSample[] = [];

  const take = (name: string, pid: number): void => {
    try {
      const pages = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
      // A zombie has none.
      if (pages > 0) processes.push({ at: Date.now(), name, pid, rssMiB: (pages * PAGE) / MIB });
    } catch {
      // Gone meanwhile.
    }
  };
  const look = (): void => {
    for (const { name, pid, isUp } of [...cluster.masters, ...cluster.workers]) if (isUp) take(name, pid);
    for (const { name, pid, isUp } of cluster.workers)
      if (isUp)
        for (const child of childrenOf(pid))
          if (child.command.includes('runner/main')) take(`${name}'s runner`, child.pid);
    for (const { name, pid } of cluster.members) take(`etcd ${name}`, pid);
  };
  const lookAtStore = async (): Promise<void> => {
    const status = await cluster.direct.status({ timeoutMs: 2_000 }).catch(() => undefined);
    const members = status?.members.filter(({ dbSize }) => dbSize > 0) ?? [];
    if (members.length === 0) return;
    store.push({
      at: Date.now(),
      dbMiB: Math.max(...members.map(({ dbSize }) => dbSize)) / MIB,
      inUseMiB: Math.max(...members.map(({ dbSizeInUse }) => dbSizeInUse)) / MIB,
    });
  };

  const timers = [setInterval(look, EVERY), setInterval(() => void lookAtStore(), STORE_EVERY)];
  return { processes, store, stop: () => timers.forEach((timer) => clearInterval(timer)) };
}
