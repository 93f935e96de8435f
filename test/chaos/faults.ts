// Does a fault to the cluster, and mends it. What a fault needs to know at that moment (who leads, which
// processes run tasks) it looks up; nothing here decides by chance.
import { endOfPrefix, type Op } from '../../src/common/store/etcd.ts';
import { gateway } from '../support/gateway.ts';
import { childrenOf } from '../support/processes.ts';
import { delay } from '../support/wait.ts';
import { MASTERS, MEMBERS, WORKERS, type Cluster } from './cluster.ts';
import type { Rule } from './network.ts';
import type { MemberRole, PlannedFault } from './plan.ts';

export interface Begun {
  /** With whom: `m1 (leader)`. */
  readonly what: string;
  readonly victims: readonly string[];
  heal(): Promise<void>;
}

/** A worker drains for 5 s, and has as long again to end. */
const STOP_PATIENCE = 20_000;
const MIB = 1024 * 1024;
const JUNK = '/junk/';

const isWorker = (name: string): boolean => (WORKERS as readonly string[]).includes(name);
const isMember = (name: string): boolean => (MEMBERS as readonly string[]).includes(name);

async function memberOf(cluster: Cluster, role: MemberRole): Promise<{ name: string; text: string }> {
  const leader = await cluster.leader();
  const name = role === 'leader' ? (leader ?? 'm0') : MEMBERS.find((each) => each !== leader)!;
  return { name, text: leader === undefined ? `${name} (no leader)` : `${name} (${role})` };
}

export async function begin(cluster: Cluster, fault: PlannedFault, id: string): Promise<Begun> {
  const { network } = cluster;
  const nothing = (): Promise<void> => Promise.resolve();
  const begun = (what: string, victims: readonly string[], heal: () => Promise<void>): Begun => ({
    what,
    victims,
    heal,
  });
  const ruled = (what: string, victims: readonly string[], rule: Rule): Begun => {
    network.add(id, rule);
    return begun(what, victims, () => Promise.resolve(network.remove(id)));
  };
  const cut = (what: string, victims: readonly string[], between: Rule['between']): Begun =>
    ruled(what, victims, { between, conditions: { isCut: true } });

  switch (fault.kind) {
    case 'worker-kill':
    case 'worker-stop':
    case 'worker-freeze': {
      const worker = cluster.workers[fault.worker]!;
      const victims = [worker.name];
      if (fault.kind === 'worker-freeze') {
        worker.freeze();
        return begun(worker.name, victims, () => Promise.resolve(worker.thaw()));
      }
      if (fault.kind === 'worker-kill') await worker.kill();
      else {
        // Asked now; it is started again when the time is over and it is gone.
        const gone = worker.stop(STOP_PATIENCE);
        return begun(worker.name, victims, async () => {
          const how = await gone;
          worker.start();
          if (how !== 0) throw new Error(`${worker.name} was told to stop and ended with ${how}`);
        });
      }
      return begun(worker.name, victims, () => Promise.resolve(worker.start()));
    }
    case 'workers-kill': {
      const down = cluster.workers.filter((_, index) => index >= fault.spare);
      await Promise.all(down.map((worker) => worker.kill()));
      const names = down.map(({ name }) => name);
      return begun(names.join(', '), [], () => Promise.resolve(down.forEach((worker) => worker.start())));
    }
    case 'workers-freeze':
      cluster.workers.forEach((worker) => worker.freeze());
      return begun('all workers', [], () =>
        Promise.resolve(cluster.workers.forEach((worker) => worker.thaw())),
      );
    case 'runner-kill':
    case 'runner-freeze': {
      const worker = cluster.workers[fault.worker]!;
      const runners = childrenOf(worker.pid).filter(({ command }) => command.includes('runner/main'));
      const send = (signal: NodeJS.Signals): void => {
        for (const { pid } of runners) {
          try {
            process.kill(pid, signal);
          } catch {
            // It was replaced meanwhile.
          }
        }
      };
      send(fault.kind === 'runner-kill' ? 'SIGKILL' : 'SIGSTOP');
      const what = `${runners.length} of ${worker.name}`;
      return begun(what, [], fault.kind === 'runner-kill' ? nothing : () => Promise.resolve(send('SIGCONT')));
    }
    case 'master-kill':
    case 'master-freeze': {
      const master = cluster.masters[fault.master]!;
      if (fault.kind === 'master-kill') await master.kill();
      else master.freeze();
      return begun(master.name, [], () =>
        Promise.resolve(fault.kind === 'master-kill' ? master.start() : master.thaw()),
      );
    }
    case 'master-cut': {
      const name = MASTERS[fault.master]!;
      return cut(name, [], (from) => from === name);
    }
    case 'etcd-kill':
    case 'etcd-freeze':
    case 'etcd-cut': {
      const { name, text } = await memberOf(cluster, fault.member);
      const member = cluster.member(name);
      if (fault.kind === 'etcd-cut')
        return cut(text, [], (from, to) => from === name && (isMember(to) || to === 'unknown'));
      if (fault.kind === 'etcd-freeze') {
        member.pause();
        return begun(text, [], () => Promise.resolve(member.resume()));
      }
      await member.kill();
      return begun(text, [], () => Promise.resolve(member.launch()));
    }
    case 'etcd-majority-kill': {
      const { name } = await memberOf(cluster, 'leader');
      const other = MEMBERS.find((each) => each !== name)!;
      const both = [cluster.member(name), cluster.member(other)];
      await Promise.all(both.map((member) => member.kill()));
      return begun(`${name}, ${other}`, [], () => Promise.resolve(both.forEach((member) => member.launch())));
    }
    case 'etcd-split':
      return cut('all members', [], (from, to) => (isMember(from) || from === 'unknown') && isMember(to));
    case 'worker-cut': {
      const name = WORKERS[fault.worker]!;
      return cut(name, [name], (from) => from === name);
    }
    case 'worker-cut-from-leader': {
      const name = WORKERS[fault.worker]!;
      const leader = await memberOf(cluster, 'leader');
      return cut(`${name} from ${leader.text}`, [], (from, to) => from === name && to === leader.name);
    }
    case 'workers-cut':
      return cut('all workers', [], (from) => isWorker(from));
    case 'slow-links':
      return ruled(`${fault.delayMs} ms`, [], {
        between: (from) => !isMember(from) && from !== 'unknown',
        conditions: { delayMs: fault.delayMs },
      });
    case 'slow-peers':
      return ruled(`${fault.delayMs} ms`, [], {
        between: (from, to) => isMember(from) && isMember(to),
        conditions: { delayMs: fault.delayMs },
      });
    case 'lossy-links':
      return ruled(`stalls of ${fault.stallMs} ms`, [], {
        between: () => true,
        conditions: { stallChance: 0.05, stallMs: fault.stallMs, resetChance: 0.003 },
      });
    case 'reset':
      network.reset((from) => !isMember(from));
      return begun('all connections', [], nothing);
    case 'space-alarm': {
      await alarm(cluster, 'ACTIVATE');
      return begun('all members', [], () => freeSpace(cluster));
    }
    case 'space-full': {
      const written = await fill(cluster);
      return begun(`filled with ${written} MiB`, [], () => freeSpace(cluster));
    }
    case 'compact-defragment': {
      const revision = await compactAll(cluster);
      for (const member of cluster.members) await defragment(member);
      return begun(`at revision ${revision}`, [], nothing);
    }
    case 'clock':
      cluster.setClock(fault.seconds);
      return begun(`${fault.seconds} s`, [], () => Promise.resolve(cluster.setClock(0)));
    case 'rolling-restart': {
      for (const service of [...cluster.workers, ...cluster.masters]) {
        const how = await service.stop(STOP_PATIENCE);
        service.start();
        if (how !== 0) throw new Error(`${service.name} was told to stop and ended with ${how}`);
        await delay(500);
      }
      // One that the others have not taken back in time is up all the same: what comes next has to cope.
      for (const member of cluster.members) await member.restart().catch(() => undefined);
      return begun('all processes, one after the other', [], nothing);
    }
  }
}

async function alarm(cluster: Cluster, action: 'ACTIVATE' | 'DEACTIVATE'): Promise<void> {
  for (const id of cluster.memberIds) {
    const memberID = BigInt(`0x${id}`).toString();
    await anyOf(cluster, 'maintenance/alarm', { action, memberID, alarm: 'NOSPACE' });
  }
}

/** Of whichever member answers. */
async function anyOf(cluster: Cluster, path: string, body: object): Promise<void> {
  const errors: unknown[] = [];
  for (const member of cluster.members) {
    try {
      await gateway(member, path, body, 5_000);
      return;
    } catch (error) {
      errors.push(error);
    }
  }
  throw new AggregateError(errors, `no member did ${path}`);
}

/** A member that is away is defragmented by nobody: it is one of those that come back with less. */
const defragment = (member: Cluster['members'][number]): Promise<unknown> =>
  gateway(member, 'maintenance/defragment', {}, 30_000).catch(() => undefined);

/** Away goes all that is not current; again when the leader changes meanwhile. */
async function compactAll(cluster: Cluster): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      const { revision } = await cluster.direct.range({ key: 'any', countOnly: true });
      await cluster.direct.compact(revision);
      return revision;
    } catch (error) {
      if (tries === 20) throw error;
      await delay(500);
    }
  }
}

/** Writes until etcd refuses for want of space. */
async function fill(cluster: Cluster): Promise<number> {
  const value = 'x'.repeat(MIB);
  for (let written = 0; ; written++) {
    if (written > 500) throw new Error('etcd takes more than its quota');
    const op: Op = { type: 'put', key: `${JUNK}${written}`, value };
    try {
      await cluster.direct.txn({ compare: [], success: [op], failure: [] }, { timeoutMs: 10_000 });
    } catch (error) {
      if ((error as { kind?: string }).kind === 'no_space') return written;
      await delay(200);
    }
  }
}

/** What an operator does: delete, compact, defragment, disarm; again until etcd takes writes. */
async function freeSpace(cluster: Cluster): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const remove: Op = { type: 'delete', key: JUNK, rangeEnd: endOfPrefix(JUNK) };
      const { revision } = await cluster.direct.txn({ compare: [], success: [remove], failure: [] });
      await cluster.direct.compact(revision).catch((error: unknown) => {
        if ((error as { kind?: string }).kind !== 'compacted') throw error;
      });
      for (const member of cluster.members) await defragment(member);
      await alarm(cluster, 'DEACTIVATE');
      const probe: Op = { type: 'put', key: `${JUNK}probe`, value: '' };
      await cluster.direct.txn({ compare: [], success: [probe], failure: [] });
      return;
    } catch (error) {
      if (tries === 60) throw error;
      await delay(500);
    }
  }
}
