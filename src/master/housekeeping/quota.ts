// Watches how much of etcd's quota is in use. Superseded revisions go first; when that is not enough, it says
// by how much history has to give way.
import type { Etcd, Revision } from '../../common/store/etcd.ts';
import { PRESSURE } from '../reads/cluster.ts';

export interface QuotaWatch {
  /** 0: there is room. Else the level: history is to be halved that many times. Grows while room is short. */
  check(pace: () => Promise<void>): Promise<number>;
  /** Drops all superseded revisions, so that what was removed is given back. */
  compact(): Promise<void>;
}

/** 2^10 is more than the longest history. */
const MOST_HALVINGS = 10;

export function createQuotaWatch(etcd: Etcd, quotaBytes: number): QuotaWatch {
  let level = 0;
  let compacted: Revision = 0;

  const inUse = async (): Promise<number> => {
    const { members } = await etcd.status();
    return Math.max(
      0,
      ...members.filter((member) => member.error === undefined).map((member) => member.dbSizeInUse),
    );
  };

  const compact = async (): Promise<void> => {
    const { revision } = await etcd.range({ key: '\0', limit: 1, countOnly: true });
    if (revision <= compacted) return;
    await etcd.compact(revision);
    compacted = revision;
  };

  return {
    async check(pace) {
      await pace();
      if ((await inUse()) <= PRESSURE * quotaBytes) {
        level = 0;
        return 0;
      }
      await compact();
      await pace();
      level = (await inUse()) <= PRESSURE * quotaBytes ? 0 : Math.min(level + 1, MOST_HALVINGS);
      return level;
    },
    compact,
  };
}
