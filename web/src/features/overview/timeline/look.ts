// The colours that a canvas needs as values: read off the page's styles, once for each scheme.
import type { Tone } from '../../../components/tone.ts';
import type { Look } from './paint.ts';

const TONES: readonly Tone[] = [
  'good',
  'bad',
  'running',
  'waiting',
  'skipped',
  'missed',
  'lost',
  'killed',
  'paused',
];

export function readLook(): Look {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  return {
    tones: Object.fromEntries(TONES.map((tone) => [tone, of(`--outcome-${tone}-solid`)])) as Look['tones'],
    ground: of('--mantine-color-body'),
    rule: of('--page-rule'),
    text: of('--mantine-color-text'),
    quiet: of('--mantine-color-dimmed'),
    accent: of('--mantine-primary-color-filled'),
    font: `12px ${getComputedStyle(document.body).fontFamily}`,
  };
}
