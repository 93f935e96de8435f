// After going to another page the focus is on its heading, as it would be after loading it: a keyboard goes on from
// there, a screen reader says where one is. A change of filters in the address is no other page.
import { useRouter } from '@tanstack/react-router';
import { useEffect, useEffectEvent, type RefObject } from 'react';

export function useFocusOnNavigation(main: RefObject<HTMLElement | null>, onGone: () => void): void {
  const router = useRouter();
  const gone = useEffectEvent(onGone);
  useEffect(
    () =>
      router.subscribe('onRendered', ({ fromLocation, pathChanged }) => {
        if (!pathChanged || fromLocation === undefined) return;
        gone();
        const heading = main.current?.querySelector<HTMLElement>('#page-heading');
        (heading ?? main.current)?.focus({ preventScroll: true });
      }),
    [router, main],
  );
}
