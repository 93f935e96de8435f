// What a first job may look like, one of each kind, to begin with.
import { Text, UnstyledButton } from '@mantine/core';
import {
  IconArrowsExchange,
  IconCode,
  IconListDetails,
  IconTerminal2,
  type TablerIcon,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { TASK_KINDS, type TaskKind } from './definition-fields.ts';
import { templates } from './templates.ts';

const ICONS: Readonly<Record<TaskKind, TablerIcon>> = {
  shell: IconTerminal2,
  exec: IconListDetails,
  http: IconArrowsExchange,
  handler: IconCode,
};

export interface TemplateChoiceProps {
  readonly current: unknown;
  readonly onChoose: (definition: object) => void;
}

export function TemplateChoice({ current, onChoose }: TemplateChoiceProps): ReactNode {
  const { t } = useTranslation('editor');
  return (
    <div className="editor-templates" role="group" aria-label={t('templates')}>
      {TASK_KINDS.map((kind) => {
        const Icon = ICONS[kind];
        return (
          <UnstyledButton
            key={kind}
            className="editor-template"
            aria-pressed={kind === current}
            onClick={() => onChoose(templates[kind])}
          >
            <Text size="sm" fw={600} component="div">
              <Icon size={15} aria-hidden style={{ verticalAlign: '-2px', marginRight: 6 }} />
              {t(`kind.${kind}`)}
            </Text>
            <Text size="xs" c="dimmed">
              {t(`kindHelp.${kind}`)}
            </Text>
          </UnstyledButton>
        );
      })}
    </div>
  );
}
