// Which language the page speaks: the one chosen here last, or the browser's first that we know. The words of one
// language are loaded, not of all. What is not in a catalogue does not compile, so there is nothing to fall back to.
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { readStored, writeStored } from '../stored.ts';
import type { Catalogue, English } from './translated.ts';

export const LANGUAGES = { en: 'English', zh: '中文' } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = 'etcron-language';
const load: Readonly<Record<Language, () => Promise<{ catalogue: Catalogue | English }>>> = {
  en: () => import('../../locales/en/catalogue.ts'),
  zh: () => import('../../locales/zh/catalogue.ts'),
};

const isLanguage = (text: string): text is Language => Object.hasOwn(LANGUAGES, text);

/** `zh-CN` -> `zh`. */
export function preferred(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0]!;
    if (isLanguage(language)) return language;
  }
  return 'en';
}

export async function startLanguage(): Promise<void> {
  const language = preferred([readStored(KEY) ?? '', ...navigator.languages]);
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    ns: ['common'],
    defaultNS: 'common',
    interpolation: { escapeValue: false },
    resources: { [language]: (await load[language]()).catalogue },
  });
  document.documentElement.lang = language;
}

export const currentLanguage = (): Language => preferred([i18next.language]);

export async function chooseLanguage(language: Language): Promise<void> {
  const { catalogue } = await load[language]();
  for (const [feature, words] of Object.entries(catalogue))
    i18next.addResourceBundle(language, feature, words);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  writeStored(KEY, language);
}
