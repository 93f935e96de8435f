// Whether what is shown is live: a word in the header, and a banner while the connection is lost.
import { Box, Button, Group, Text } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Notice } from '../../components/notice.tsx';
import { useConnection, useLive } from '../../lib/use-live.ts';

export function ConnectionDot(): ReactNode {
  const { t } = useTranslation('shell');
  const connection = useConnection();
  return (
    <span className="connection-dot" data-connection={connection}>
      <Box component="span" visibleFrom="sm">
        {t(connection === 'open' ? 'connection.open' : 'connection.connecting')}
      </Box>
    </span>
  );
}

/** Shorter ones, such as a proxy that ends a stream now and then, make nothing jump. */
const PASSING_MS = 1_200;

/** It is so, and has been for as long. */
function useOver(is: boolean, ms: number): boolean {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!is) return undefined;
    const timer = setTimeout(() => setLong(true), ms);
    return () => {
      clearTimeout(timer);
      setLong(false);
    };
  }, [is, ms]);
  return is && isLong;
}

export function ConnectionBanner(): ReactNode {
  const { t } = useTranslation('shell');
  const live = useLive();
  const connection = useConnection();
  const isOver = useOver(connection === 'lost', PASSING_MS);
  // The region is always there: what comes into it is read out.
  return (
    <div role="status" className="connection-banner">
      {(isOver || connection === 'stale') && (
        <Notice tone="bad" icon={IconPlugConnectedX} isSlim>
          <Group gap="sm">
            <Text size="sm" fw={600}>
              {t(`connection.${connection === 'stale' ? 'stale' : 'lost'}`)}
            </Text>
            <Text size="sm">{t('connection.lostHint')}</Text>
            {connection !== 'stale' && (
              <Button variant="default" size="compact-xs" onClick={live.retry}>
                {t('connection.retry')}
              </Button>
            )}
          </Group>
        </Notice>
      )}
    </div>
  );
}
