// Tells the form what is wrong with what stands in an input, as long as the input is there.
import { useEffect, useEffectEvent } from 'react';

export function useFault(message: string | undefined, onFault: (message: string | undefined) => void): void {
  const tell = useEffectEvent(onFault);
  useEffect(() => {
    if (message === undefined) return undefined;
    tell(message);
    return () => tell(undefined);
  }, [message]);
}
