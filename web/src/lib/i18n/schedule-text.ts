// The schedule of a job that is there, in words. The English ones come with the job; those of another language are
// made here, by modules that are loaded when they are needed, for the first load to stay small: until then the
// English ones stand there. What is being written is put into words by schedule-words.ts.
import { useSyncExternalStore } from 'react';
import type { JobSummary } from '../../../../src/common/api/jobs.ts';
import { currentLanguage, type Language } from './language.ts';
import type { scheduleText } from './schedule-words.ts';

let words: typeof scheduleText | undefined;
let loading: Promise<void> | undefined;
const waiting = new Set<() => void>();

async function load(): Promise<void> {
  try {
    words = (await import('./schedule-words.ts')).scheduleText;
    for (const tell of waiting) tell();
  } catch {
    // Out of reach for now: the next one that is shown asks again.
    loading = undefined;
  }
}

const wait = (tell: () => void): (() => void) => {
  waiting.add(tell);
  return () => waiting.delete(tell);
};
/** Another function for each language: chosen anew, it is subscribed to anew. */
const subscribe: Readonly<Record<Language, typeof wait>> = {
  en: () => () => undefined,
  zh: (tell) => {
    loading ??= load();
    return wait(tell);
  },
};

export function useScheduleText({
  name,
  schedule,
  scheduleText: english,
}: Pick<JobSummary, 'name' | 'scheduleText'> & { readonly schedule: string | readonly string[] }): string {
  const language = currentLanguage();
  const made = useSyncExternalStore(subscribe[language], () => words);
  return language === 'en' || made === undefined ? english : made(schedule, name, language);
}
