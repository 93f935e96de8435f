// The connection, for components: whether it is there, and its news as they come.
import type { EventBatch } from '../../../src/common/api/events.ts';
import { createContext, useContext, useEffect, useEffectEvent } from 'react';
import type { Connection, Live } from './live.ts';
import { useStore } from './store.ts';

export const LiveContext = createContext<Live | undefined>(undefined);

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error('there is no LiveContext above');
  return live;
}

export const useConnection = (): Connection => useStore(useLive().connection);

/** Each batch of news, four a second at most. Lists and what is shown of one thing are renewed without it. */
export function useNews(listener: (batch: EventBatch) => void): void {
  const live = useLive();
  const tell = useEffectEvent(listener);
  useEffect(() => live.listen((batch) => tell(batch)), [live]);
}
