// Writes down every change below the prefix, straight from the three members: whichever tells a revision first.
// It asks neither masters nor workers, and uses none of their ways to follow. A revision that it could not be
// told (compacted before any member said it) is a gap, and told as one: a run with a gap proves nothing.
import { appendFileSync } from 'node:fs';
import { connectEtcd } from '../../src/common/store/client.ts';
import type { Etcd, KeyValue, Revision, Watch, WatchEvent } from '../../src/common/store/etcd.ts';
import { codecs, keyspace } from '../../src/common/store/keyspace.ts';
import { delay, waitFor } from '../support/wait.ts';
import type { ClaimChange, CursorChange, JobChange, RunChange, SessionEnd } from './events.ts';

export interface Recorder {
  readonly jobs: JobChange[];
  readonly cursors: CursorChange[];
  readonly runs: RunChange[];
  readonly claims: ClaimChange[];
  readonly sessionEnds: SessionEnd[];
  /** Values that do not parse, and gaps. */
  readonly trouble: string[];
  /** Up to which revision everything is known. */
  readonly revision: Revision;
  /** Resolves when everything up to now is known. */
  caughtUp(): Promise<void>;
  stop(): void;
}

export interface RecorderOptions {
  readonly endpoints: readonly string[];
  readonly prefix: string;
  readonly from: Revision;
  readonly file: string;
}

export function startRecorder({ endpoints, prefix, from, file }: RecorderOptions): Recorder {
  const keys = keyspace(prefix);
  const jobs: JobChange[] = [];
  const cursors: CursorChange[] = [];
  const runs: RunChange[] = [];
  const claims: ClaimChange[] = [];
  const sessionEnds: SessionEnd[] = [];
  const trouble: string[] = [];
  const lives = new Map<string, Revision>();
  let revision = from;
  let isStopped = false;
  let lines: string[] = [];

  const parse = <T>(
    kv: KeyValue,
    codec: { decode(text: string): { ok: boolean; value?: T; error?: string } },
  ) => {
    const decoded = codec.decode(kv.value);
    if (!decoded.ok) trouble.push(`${kv.key} does not parse: ${decoded.error}`);
    return decoded.value;
  };

  const note = ({ type, kv }: WatchEvent, at: number): void => {
    const isPut = type === 'put';
    const change = { revision: kv.modRevision, at };
    const family = kv.key.slice(prefix.length).split('/')[0];
    const parts = keys.partsOf(kv.key);
    lines.push(JSON.stringify({ ...change, type, key: kv.key, ...(isPut && { value: kv.value }) }));
    if (family === 'jobs') {
      const job = parts[0]!;
      if (isPut) lives.set(job, kv.createRevision);
      const record = isPut ? parse(kv, codecs.job) : undefined;
      if (!isPut || record) jobs.push({ ...change, job, created: lives.get(job) ?? 0, record });
    } else if (family === 'cursor' && (parts.length === 1 || parts[1] === '@')) {
      const tick = isPut ? parse(kv, codecs.cursor) : undefined;
      cursors.push({ ...change, job: parts[0]!, tick });
    } else if (family === 'runs' && isPut) {
      const record = parse(kv, codecs.run);
      if (record) runs.push({ ...change, record });
    } else if (family === 'active') {
      const [worker, job, runId] = parts;
      const record = isPut ? parse(kv, codecs.run) : undefined;
      claims.push({ ...change, worker: worker!, job: job!, runId: runId!, record });
    } else if (family === 'workers' && !isPut) sessionEnds.push({ ...change, worker: parts[0]! });
  };

  const take = (events: readonly WatchEvent[], upTo: Revision): void => {
    if (upTo <= revision) return;
    const at = Date.now();
    for (const event of events) if (event.kv.modRevision > revision) note(event, at);
    revision = upTo;
    appendFileSync(file, lines.map((line) => `${line}\n`).join(''));
    lines = [];
  };

  const follow = async (etcd: Etcd): Promise<void> => {
    for (;;) {
      let watch: Watch | undefined;
      let asking: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        watch = etcd.watch(
          { ...keys.all, startRevision: revision + 1 },
          {
            onEvents: take,
            onProgress: (upTo) => take([], upTo),
            onEnd(end) {
              if (end.kind === 'compacted' && end.compactRevision > revision + 1) {
                trouble.push(`revisions ${revision + 1} to ${end.compactRevision - 1} were compacted unseen`);
                revision = end.compactRevision - 1;
              }
              resolve();
            },
          },
        );
        asking = setInterval(() => watch?.requestProgress(), 1_000);
        watches.set(etcd, () => {
          watch?.cancel();
          resolve();
        });
      });
      clearInterval(asking);
      if (isStopped) return;
      await delay(200);
    }
  };

  const watches = new Map<Etcd, () => void>();
  const clients = endpoints.map((endpoint) => connectEtcd({ endpoints: [endpoint], timeoutMs: 3_000 }));
  for (const client of clients) void follow(client);

  return {
    jobs,
    cursors,
    runs,
    claims,
    sessionEnds,
    trouble,
    get revision() {
      return revision;
    },
    async caughtUp() {
      const now = await waitFor(
        () => clients[0]!.range({ ...keys.all, countOnly: true }).catch(() => undefined),
        { what: 'etcd answers the recorder' },
      );
      // Writes outside the prefix move the revision and are not told: asked for by progress, or written here.
      await clients[0]!.txn({
        compare: [],
        success: [{ type: 'put', key: `${prefix}recorder`, value: String(Date.now()) }],
        failure: [],
      });
      await waitFor(() => revision > now.revision, { what: 'the recorder has caught up' });
    },
    stop() {
      isStopped = true;
      for (const end of watches.values()) end();
      for (const client of clients) client.close();
    },
  };
}
