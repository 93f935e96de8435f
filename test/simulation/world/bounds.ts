// Invariant 7, at the end: what etcd holds is bounded, job by job, and what deleted jobs left is gone.
import type { EtcdModel } from '../model/etcd.ts';
import type { Judge } from './judge.ts';
import type { Ledger } from './ledger.ts';

/** A housekeeper leaves so many above `history.keep` to the workers, and one round of its own lets some more pass. */
const RECORDS_ABOVE = 20 + 60;
const VERSIONS = 19;

export function judgeBounds(model: EtcdModel, prefix: string, ledger: Ledger, judge: Judge): void {
  const counts = new Map<string, number>();
  const { kvs } = model.range({ key: prefix, rangeEnd: `${prefix}\uffff`, keysOnly: true });
  for (const { key } of kvs) {
    const [family = '', job = ''] = key.slice(prefix.length).split('/');
    counts.set(`${family}/${job}`, (counts.get(`${family}/${job}`) ?? 0) + 1);
  }
  for (const [which, count] of counts) {
    const [family = '', job = ''] = which.split('/');
    const definition = ledger.jobs.get(job)?.at(-1)?.record?.definition;
    if (family === 'runs' && definition && count > definition.history.keep + RECORDS_ABOVE)
      judge.violate(7, job, `${count} records are kept of ${definition.history.keep}`);
    if (family === 'versions' && count > VERSIONS) judge.violate(7, job, `${count} versions are kept`);
    if (['runs', 'output', 'versions', 'cursor', 'trigger'].includes(family) && !definition)
      judge.violate(7, job, `${count} keys under ${family}/ outlive the job`);
  }
}
