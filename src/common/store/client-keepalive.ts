// One stream of keep-alives for one lease. It must never send by itself and never judge a lease: when to
// send, and when a lease counts as lost, is the session's business.
import type { Calls, OpenStream } from './client-calls.ts';
import { isExpiredToken, isGrpcFailure } from './client-errors.ts';
import { EtcdError, type KeepAlive, type KeepAliveHandlers, type LeaseId } from './etcd.ts';

export function openKeepAlive(calls: Calls, leaseId: LeaseId, handlers: KeepAliveHandlers): KeepAlive {
  let over = false;
  let stream: OpenStream | undefined;
  /** Sends whose answer is outstanding: all are written anew on a stream with a new token. */
  let unanswered = 0;
  let hasRenewedToken = false;

  const finish = (error: EtcdError | undefined): void => {
    if (over) return;
    over = true;
    stream?.call.cancel();
    if (error) handlers.onEnd(error);
  };

  const open = async (): Promise<void> => {
    try {
      const opened = await calls.stream('Lease', 'leaseKeepAlive');
      if (over) return opened.call.on('error', () => undefined).cancel();
      stream = opened;
      const { call, endpoint, identity } = opened;
      call.on('data', (answer) => {
        if (over || opened !== stream) return;
        unanswered--;
        handlers.onAnswer(Number((answer as { TTL: string }).TTL));
      });
      call.on('error', (error: Error) => {
        if (over || opened !== stream) return;
        const expired = isGrpcFailure(error) && isExpiredToken(error.details);
        if (expired && !hasRenewedToken && calls.auth.forget(identity)) {
          hasRenewedToken = true;
          stream = undefined;
          void open();
        } else finish(calls.streamError(error, endpoint));
      });
      call.on('end', () => {
        if (opened === stream) {
          finish(
            new EtcdError('unavailable', `${endpoint.url} ended the keep-alives`, { mayHaveApplied: false }),
          );
        }
      });
      for (let i = 0; i < unanswered; i++) call.write({ ID: leaseId });
    } catch (error) {
      finish(error as EtcdError);
    }
  };

  void open();
  return {
    send() {
      if (over) return;
      unanswered++;
      stream?.call.write({ ID: leaseId });
    },
    close() {
      if (!over && unanswered > 0 && stream) calls.demote(stream.endpoint);
      finish(undefined);
    },
  };
}
