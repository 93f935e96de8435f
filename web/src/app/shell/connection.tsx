// Whether what is shown is live: a word in the header, and a banner while the connection is lost.
import { Box, Button, Group, Text } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
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

export function ConnectionBanner(): ReactNode {
  const { t } = useTranslation('shell');
  const live = useLive();
  const connection = useConnection();
  // The region is always there: what comes into it is read out.
  return (
    <div role="status">
      {(connection === 'lost' || connection === 'stale') && (
        <Notice tone="bad" icon={IconPlugConnectedX} isSlim>
          <Group gap="sm">
            <Text size="sm" fw={600}>
              {t(`connection.${connection}`)}
            </Text>
            <Text size="sm">{t('connection.lostHint')}</Text>
            {connection === 'lost' && (
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
