// Routes of workers.
import { ProblemError } from '../../common/api/problems.ts';
import type { WorkerView } from '../../common/api/workers.ts';
import type { DrainRecord, WorkerRecord } from '../../common/model/worker.ts';
import type { KeyValue } from '../../common/store/etcd.ts';
import { codecs } from '../../common/store/keyspace.ts';
import { listPages } from '../../common/store/queries.ts';
import { kvsOf } from '../../common/store/transactions/parts.ts';
import { wishDrain } from '../../common/store/transactions/masters.ts';
import { awaitKey } from '../await-key.ts';
import { showWorker } from '../shown.ts';
import type { StrictDeps } from '../strict.ts';
import type { Handlers } from './operations.ts';

/** A worker that lives hears of a wish in far less. */
const HEARD_PATIENCE_MS = 2_000;

type WorkerRoutes = 'listWorkers' | 'getWorker' | 'drainWorker' | 'resumeWorker';

export function workerRoutes(
  deps: StrictDeps & { readonly clockOffsetOf: (worker: string) => number | null },
): Pick<Handlers, WorkerRoutes> {
  const { etcd, keys, clock, clockOffsetOf: offsetOf } = deps;

  const noWorker = (id: string): ProblemError =>
    new ProblemError(
      'worker_not_found',
      `no worker of the id or name ${id} is registered: it has ended, or lost its lease`,
    );

  const all = async (range: { key: string; rangeEnd: string }) => {
    const found = [];
    for await (const page of listPages(etcd, range)) found.push(...page.kvs);
    return found;
  };

  const read = async (id: string): Promise<{ record: WorkerRecord; drain: DrainRecord | undefined }> => {
    const { responses } = await etcd.txn({
      compare: [],
      success: [
        { type: 'range', key: keys.worker(id) },
        { type: 'range', key: keys.drain(id) },
      ],
      failure: [],
    });
    const [kv, wished] = responses.map((response) => kvsOf(response)[0]);
    const record = kv && codecs.worker.decode(kv.value);
    if (!record?.ok) throw noWorker(id);
    const drain = wished && codecs.drain.decode(wished.value);
    return { record: record.value, drain: drain?.ok ? drain.value : undefined };
  };

  const show = async (id: string): Promise<WorkerView> => {
    const { record, drain } = await read(id);
    return showWorker(record, drain, offsetOf(id));
  };

  /** An id goes before a name. Throws worker_not_found, ambiguous_worker. */
  const idOf = async (given: string): Promise<string> => {
    const { kvs } = await etcd.range({ key: keys.worker(given), keysOnly: true });
    if (kvs.length > 0) return given;
    const named = (await all(keys.workers)).flatMap((kv) => {
      const decoded = codecs.worker.decode(kv.value);
      return decoded.ok && decoded.value.name === given ? [decoded.value.id] : [];
    });
    if (named.length === 0) throw noWorker(given);
    if (named.length > 1)
      throw new ProblemError(
        'ambiguous_worker',
        `${named.length} workers have the name ${given}: name one by its id, ${named.join(' or ')}`,
      );
    return named[0]!;
  };

  /** Answers when the worker has done as it was asked, or after a while. */
  const wish = async (
    given: string,
    drain: DrainRecord | undefined,
    signal: AbortSignal,
  ): Promise<WorkerView> => {
    const id = await idOf(given);
    const { kvs } = await etcd.range({ key: keys.worker(id) });
    const kv = kvs[0];
    if (!kv) throw noWorker(id);
    const intent = wishDrain(keys, kv, id, drain);
    if (!intent.read(await etcd.txn(intent.txn))) throw noWorker(id);
    await awaitKey(etcd, clock, {
      key: kv.key,
      until: (now) => now === undefined || isDraining(now) === (drain !== undefined),
      timeout: HEARD_PATIENCE_MS,
      signal,
    });
    return show(id);
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
    getWorker: async ({ params }) => ({ status: 200, body: await show(await idOf(params.worker)) }),
    async drainWorker({ params }, { name, signal }) {
      return { status: 200, body: await wish(params.worker, { by: name, at: clock.now() }, signal) };
    },
    async resumeWorker({ params }, { signal }) {
      return { status: 200, body: await wish(params.worker, undefined, signal) };
    },
  };
}

/** By its own word. */
function isDraining({ value }: KeyValue): boolean {
  const record = codecs.worker.decode(value);
  return record.ok && record.value.state === 'draining';
}
