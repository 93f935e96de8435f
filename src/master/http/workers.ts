// Routes of workers.
import { ProblemError } from '../../common/api/problems.ts';
import type { WorkerView } from '../../common/api/workers.ts';
import { codecs } from '../../common/store/keyspace.ts';
import { listPages } from '../../common/store/queries.ts';
import { kvsOf } from '../../common/store/transactions/parts.ts';
import { wishDrain } from '../../common/store/transactions/masters.ts';
import { showWorker } from '../shown.ts';
import type { StrictDeps } from '../strict.ts';
import type { Handlers } from './operations.ts';

type WorkerRoutes = 'listWorkers' | 'getWorker' | 'drainWorker' | 'resumeWorker';

export function workerRoutes(
  deps: StrictDeps & { readonly clockOffsetOf: (worker: string) => number | null },
): Pick<Handlers, WorkerRoutes> {
  const { etcd, keys, clock, clockOffsetOf: offsetOf } = deps;

  const noWorker = (id: string): ProblemError =>
    new ProblemError('worker_not_found', `no worker ${id} is registered: it has ended, or lost its lease`);

  const all = async (range: { key: string; rangeEnd: string }) => {
    const found = [];
    for await (const page of listPages(etcd, range)) found.push(...page.kvs);
    return found;
  };

  const wish = async (id: string, drain: { by: string; at: number } | undefined): Promise<WorkerView> => {
    const { kvs } = await etcd.range({ key: keys.worker(id) });
    const kv = kvs[0];
    if (!kv) throw noWorker(id);
    const intent = wishDrain(keys, kv, id, drain);
    if (!intent.read(await etcd.txn(intent.txn))) throw noWorker(id);
    const record = codecs.worker.decode(kv.value);
    if (!record.ok) throw new ProblemError('internal', `the registration of ${id} cannot be read`);
    return showWorker(record.value, drain, offsetOf(id));
  };

  return {
    async listWorkers() {
      const [workers, drains] = await Promise.all([all(keys.workers), all(keys.drains)]);
      const wishes = new Map(
        drains.flatMap((kv) => {
          const decoded = codecs.drain.decode(kv.value);
          return decoded.ok ? [[keys.partsOf(kv.key)[0]!, decoded.value] as const] : [];
        }),
      );
      const items = workers.flatMap((kv) => {
        const decoded = codecs.worker.decode(kv.value);
        if (!decoded.ok) return [];
        return [showWorker(decoded.value, wishes.get(decoded.value.id), offsetOf(decoded.value.id))];
      });
      return { status: 200, body: { items } };
    },
    async getWorker({ params: { worker } }) {
      const { responses } = await etcd.txn({
        compare: [],
        success: [
          { type: 'range', key: keys.worker(worker) },
          { type: 'range', key: keys.drain(worker) },
        ],
        failure: [],
      });
      const [kv, wished] = responses.map((response) => kvsOf(response)[0]);
      const record = kv && codecs.worker.decode(kv.value);
      if (!record?.ok) throw noWorker(worker);
      const drain = wished && codecs.drain.decode(wished.value);
      return {
        status: 200,
        body: showWorker(record.value, drain?.ok ? drain.value : undefined, offsetOf(worker)),
      };
    },
    async drainWorker({ params }, caller) {
      return { status: 200, body: await wish(params.worker, { by: caller.name, at: clock.now() }) };
    },
    async resumeWorker({ params }) {
      return { status: 200, body: await wish(params.worker, undefined) };
    },
  };
}
