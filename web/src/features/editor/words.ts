// Which words belong to a field: `retry.delay` has those of `retry_delay`.
import type { English } from '../../lib/i18n/translated.ts';

export type FieldKey = keyof English['editor']['field'];

export const helpKey = (path: string): FieldKey => path.replaceAll('.', '_') as FieldKey;
