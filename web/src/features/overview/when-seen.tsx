// Draws its children when they come near to what is seen, and keeps their place until then: what is far down costs
// the master nothing before somebody goes there.
import { Skeleton } from '@mantine/core';
import { Suspense, useEffect, useRef, useState, type ReactNode } from 'react';

const NEAR = '300px';

export interface WhenSeenProps {
  readonly height: number;
  readonly children: ReactNode;
}

export function WhenSeen({ height, children }: WhenSeenProps): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && setNear(true),
      { rootMargin: NEAR },
    );
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  const room = <Skeleton height={height} />;
  return (
    <div ref={place} style={{ minHeight: height }}>
      {isNear ? <Suspense fallback={room}>{children}</Suspense> : room}
    </div>
  );
}
