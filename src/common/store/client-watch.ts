// One watch on one raw stream of etcd. It must never reconnect by itself (etcd3's watcher does, and loses
// events), never split a revision over two calls, and never pass on a progress that overtook events.
import type { Calls, OpenStream } from './client-calls.ts';
import { keyBytes, toKeyValue, type WireHeader, type WireKeyValue } from './client-codec.ts';
import { isExpiredToken, isGrpcFailure } from './client-errors.ts';
import {
  EtcdError,
  type Watch,
  type WatchEnd,
  type WatchEvent,
  type WatchHandlers,
  type WatchRequest,
} from './etcd.ts';

/** `WatchCreateRequest.FilterType.NODELETE` */
const NO_DELETE = 1;

interface WireWatch {
  readonly header: WireHeader;
  readonly watch_id: string;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compact_revision: string;
  readonly cancel_reason: string;
  readonly fragment: boolean;
  readonly events: readonly { readonly type: 'Put' | 'Delete'; readonly kv: WireKeyValue }[];
}

/** Before 3.4.25 and 3.5.8 the answer to a progress request could overtake events (etcd issue 15220). */
export function progressIsReliable(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major !== 3 || minor > 5) return major >= 3;
  return minor === 5 ? patch >= 8 : minor === 4 && patch >= 25;
}

const isRefusal = (reason: string): boolean => reason.includes('permission denied') || isExpiredToken(reason);

export function openWatch(calls: Calls, request: WatchRequest, handlers: WatchHandlers): Watch {
  let over = false;
  let stream: OpenStream | undefined;
  let createdTimer: NodeJS.Timeout | undefined;
  let fragments: WatchEvent[] = [];
  let reliable: Promise<boolean> | undefined;
  let isCreated = false;
  /** Asked before the stream was up. */
  let wantsProgress = false;
  let hasRenewedToken = false;

  const finish = (end: WatchEnd | undefined): void => {
    if (over) return;
    over = true;
    clearTimeout(createdTimer);
    stream?.call.cancel();
    if (end) handlers.onEnd(end);
  };
  const broken = (error: EtcdError): void => finish({ kind: 'broken', error });

  /** A token can expire between two watches; etcd 3.4 calls that "permission denied". */
  const renewToken = (from: OpenStream): boolean => {
    if (hasRenewedToken || over || !calls.auth.forget(from.identity)) return false;
    hasRenewedToken = true;
    clearTimeout(createdTimer);
    stream = undefined;
    from.call.cancel();
    void open();
    return true;
  };

  const onCanceled = (answer: WireWatch, from: OpenStream): void => {
    const compactRevision = Number(answer.compact_revision);
    if (compactRevision > 0) return finish({ kind: 'compacted', compactRevision });
    const reason = answer.cancel_reason;
    if (isRefusal(reason)) {
      if (renewToken(from)) return;
      return broken(new EtcdError('auth', `${from.endpoint.url}: ${reason}`));
    }
    broken(
      new EtcdError('unavailable', `${from.endpoint.url} ended the watch: ${reason || 'no reason given'}`, {
        mayHaveApplied: false,
      }),
    );
  };

  const onAnswer = (answer: WireWatch, from: OpenStream): void => {
    if (over || from !== stream) return;
    if (answer.canceled) return onCanceled(answer, from);
    if (answer.created) {
      clearTimeout(createdTimer);
      isCreated = true;
      if (wantsProgress) askProgress(from);
      return;
    }
    for (const event of answer.events) {
      fragments.push({ type: event.type === 'Put' ? 'put' : 'delete', kv: toKeyValue(event.kv) });
    }
    if (answer.fragment) return;
    if (fragments.length > 0) {
      const events = fragments;
      fragments = [];
      handlers.onEvents(events, events.at(-1)!.kv.modRevision);
    } else {
      handlers.onProgress(Number(answer.header.revision));
    }
  };

  const open = async (): Promise<void> => {
    try {
      const opened = await calls.stream('Watch', 'watch');
      if (over) return opened.call.on('error', () => undefined).cancel();
      stream = opened;
      const { call, endpoint } = opened;
      createdTimer = setTimeout(
        () =>
          broken(
            new EtcdError('deadline', `${endpoint.url} did not answer the watch`, { mayHaveApplied: false }),
          ),
        calls.timeoutMs,
      );
      call.on('data', (answer) => onAnswer(answer as WireWatch, opened));
      call.on('error', (error: Error) => {
        if (over || opened !== stream) return;
        const expired = isGrpcFailure(error) && isExpiredToken(error.details);
        if (!(expired && renewToken(opened))) broken(calls.streamError(error, endpoint));
      });
      call.on('end', () => {
        if (opened === stream)
          broken(new EtcdError('unavailable', `${endpoint.url} ended the watch`, { mayHaveApplied: false }));
      });
      call.write({
        create_request: {
          key: keyBytes(request.key),
          ...(request.rangeEnd === undefined ? {} : { range_end: keyBytes(request.rangeEnd) }),
          start_revision: request.startRevision,
          progress_notify: true,
          fragment: true,
          ...(request.putsOnly ? { filters: [NO_DELETE] } : {}),
        },
      });
    } catch (error) {
      broken(error as EtcdError);
    }
  };

  const askVersion = async (from: OpenStream): Promise<boolean> => {
    try {
      const options = { writes: false, needsLeader: false, endpoint: from.endpoint };
      const { version } = await calls.unary<{ version: string }>('Maintenance', 'status', {}, options);
      return progressIsReliable(version);
    } catch {
      return false;
    }
  };

  const askProgress = (from: OpenStream): void => {
    reliable ??= askVersion(from);
    void reliable.then((is) => {
      if (is && !over && from === stream) from.call.write({ progress_request: {} });
    });
  };

  void open();
  return {
    requestProgress() {
      if (over) return;
      if (stream && isCreated) askProgress(stream);
      else wantsProgress = true;
    },
    cancel: () => finish(undefined),
  };
}
