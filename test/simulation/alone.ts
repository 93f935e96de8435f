// One worker on an etcd, in a world of its own where nothing goes wrong: for a story that is told step by step.
import { keyspace } from '../../src/common/store/keyspace.ts';
import { createEtcdModel } from './model/etcd.ts';
import { createCoverage } from './world/coverage.ts';
import { createJudge } from './world/judge.ts';
import { createLedger } from './world/ledger.ts';
import { startSimEtcd } from './world/network.ts';
import { startSimWorker } from './world/worker.ts';
import { createWorld } from './world/world.ts';

export function startAlone() {
  const world = createWorld(1);
  const keys = keyspace('/cron/');
  const now = (): number => world.now;
  const ledger = createLedger('/cron/', now);
  const judge = createJudge(ledger, now, () => {});
  const coverage = createCoverage();
  const model = createEtcdModel({ now, onCommit: (commit) => ledger.take(commit) });
  const worker = startSimWorker({
    world,
    etcd: startSimEtcd(model, coverage),
    keys,
    name: 'w',
    ttlSeconds: 10,
    slots: 64,
    marks: judge,
    labels: {},
    coverage,
    say: undefined,
    tamper: {},
    fences: true,
  });
  return { world, keys, ledger, judge, coverage, model, worker };
}
