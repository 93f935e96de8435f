// What a translation has to be: the same keys as the English one, with other words. A language without forms for
// one of several (Chinese) leaves `_one` out.
import type { catalogue } from '../../locales/en/catalogue.ts';

type Forms<T> = { [K in keyof T as K extends `${string}_one` ? never : K]: T[K] };
type OwnForms<T> = { [K in keyof T as K extends `${string}_one` ? K : never]?: T[K] };

export type Translated<T> = T extends string
  ? string
  : { readonly [K in keyof Forms<T>]: Translated<Forms<T>[K]> } & {
      readonly [K in keyof OwnForms<T>]?: string;
    };

export type English = typeof catalogue;
export type Catalogue = { readonly [Feature in keyof English]: Translated<English[Feature]> };
