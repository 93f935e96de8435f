// Workers that somebody started by hand beside `etcron dev`, as its etcd has them registered. They are nobody's
// children here: told of, never stopped.
import { hostname } from 'node:os';
import type { Millis } from '../common/model/time.ts';
import type { Abilities } from '../common/model/worker.ts';

/** A death is told at once; what etcd says of others must not hold that up for long. */
const PATIENCE: Millis = 2_000;

export interface OthersOptions {
  readonly endpoint: string;
  readonly prefix: string;
  /** Of the processes that dev started, dead ones too: a dead worker stays registered until its lease ends. */
  readonly pids: readonly number[];
}

export interface OtherWorker {
  readonly name: string;
  /** Absent: of a version that does not tell. */
  readonly can?: Abilities | undefined;
}

/** Those that are alive and take work. Empty when etcd does not answer. Never rejects. */
export async function otherWorkers({ endpoint, prefix, pids }: OthersOptions): Promise<OtherWorker[]> {
  // Loaded when needed: dev itself speaks to etcd only here.
  const [{ connectEtcd }, { codecs, keyspace }, { listPage }] = await Promise.all([
    import('../common/store/client.ts'),
    import('../common/store/keyspace.ts'),
    import('../common/store/queries.ts'),
  ]);
  const etcd = connectEtcd({ endpoints: [endpoint], timeoutMs: PATIENCE, connectTimeoutMs: PATIENCE });
  try {
    const { kvs } = await listPage(etcd, keyspace(prefix).workers);
    return kvs.flatMap(({ value }) => {
      const worker = codecs.worker.decode(value);
      if (!worker.ok) return [];
      const { name, host, pid, state, can } = worker.value;
      if (pids.includes(pid) || state === 'draining') return [];
      return host !== hostname() || isAlive(pid) ? [{ name, can }] : [];
    });
  } catch {
    return [];
  } finally {
    etcd.close();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
