// Keys are checked where they are used: t('nothing.there') does not compile.
import 'i18next';
import type { English } from './translated.ts';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: English;
    returnNull: false;
  }
}
