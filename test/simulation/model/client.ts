// The Etcd port straight onto the model: a perfect network. The comparison with real etcd speaks to the model
// through it; the simulation has a network of its own.
import { EtcdError, type Etcd } from '../../../src/common/store/etcd.ts';
import type { EtcdModel } from './etcd.ts';

export function directClient(model: EtcdModel): Etcd {
  return {
    range: async (request) => model.range(request),
    txn: async (txn) => model.txn(txn),
    leaseGrant: async (ttlSeconds) => model.grant(ttlSeconds),
    leaseRevoke: async (leaseId) => model.revoke(leaseId),
    compact: async (revision) => model.compact(revision),
    watch(request, handlers) {
      let over = false;
      const stop = model.watch(request, (news) =>
        queueMicrotask(() => {
          if (over) return;
          if (news.kind === 'events') handlers.onEvents(news.events, news.revision);
          else {
            over = true;
            handlers.onEnd(news);
          }
        }),
      );
      return {
        requestProgress: () => queueMicrotask(() => void (over || handlers.onProgress(model.revision))),
        cancel() {
          over = true;
          stop();
        },
      };
    },
    keepAlive(leaseId, handlers) {
      let over = false;
      return {
        send: () => queueMicrotask(() => void (over || handlers.onAnswer(model.keepAlive(leaseId)))),
        close: () => void (over = true),
      };
    },
    status: () => Promise.reject(new EtcdError('invalid', 'the model has no status page')),
    close() {},
  };
}
