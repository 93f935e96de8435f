// Asks for a token when the master wants one, and tries it before it is kept.
import { Button, Checkbox, PasswordInput, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../components/dialog.tsx';
import { problemText } from '../../components/problem-text.ts';
import { call } from '../../lib/api.ts';
import { CallFailed } from '../../lib/problem.ts';
import { useStore } from '../../lib/store.ts';
import { forgetToken, keepToken, tokenWanted } from '../../lib/token.ts';
import { useLive } from '../../lib/use-live.ts';

export function SignIn(): ReactNode {
  const { t } = useTranslation('shell');
  const isWanted = useStore(tokenWanted);
  return (
    <Dialog opened={isWanted} onClose={() => undefined} title={t('signIn.title')} mustAnswer>
      <TokenForm />
    </Dialog>
  );
}

function TokenForm(): ReactNode {
  const { t } = useTranslation('shell');
  const { t: common } = useTranslation();
  const client = useQueryClient();
  const live = useLive();
  const [token, setToken] = useState('');
  const [isKept, setKept] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string>();

  const signIn = async (): Promise<void> => {
    setBusy(true);
    keepToken(token.trim(), isKept);
    try {
      await call('getCluster', {});
      tokenWanted.set(false);
      live.retry();
      await client.invalidateQueries();
    } catch (failure) {
      forgetToken();
      const isWrong = failure instanceof CallFailed && failure.code === 'unauthorized';
      setError(isWrong ? t('signIn.wrong') : problemText(failure, common).join('\n'));
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (token.trim() !== '' && !isBusy) void signIn();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm">{t('signIn.explain')}</Text>
        <PasswordInput
          label={t('signIn.token')}
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          error={error}
          autoComplete="current-password"
          data-autofocus
        />
        <Checkbox
          label={t('signIn.remember')}
          checked={isKept}
          onChange={(event) => setKept(event.currentTarget.checked)}
        />
        <Button type="submit" loading={isBusy} disabled={token.trim() === ''}>
          {t('signIn.submit')}
        </Button>
      </Stack>
    </form>
  );
}
