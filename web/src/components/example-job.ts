// The first job, for who has none: it does no harm, costs nothing, and is seen to run within seconds.
import i18next from 'i18next';

export const EXAMPLE = {
  name: 'example',
  labels: { example: 'yes' },
  schedule: '@every 10s',
  task: { kind: 'shell', command: 'echo "Hello from $ETCRON_WORKER: this is run $ETCRON_RUN_ID"' },
} as const;

/** As it is created, in the language of the page. */
export const exampleJob = () => ({ ...EXAMPLE, description: i18next.t('exampleJob') });
