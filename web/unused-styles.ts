// Takes the styles of components that the page does not use out of what is built. Mantine's come as one file for all
// of its components; each class in it (m_ and a hash) is named by the code that uses it, so one that no code names
// can match nothing. Never touches any other class.
import { transform, type Selector, type SelectorComponent } from 'lightningcss';
import type { Plugin } from 'vite';

const CLASS = /\bm_[0-9a-f]{6,8}\b/g;

export function unusedStyles(): Plugin {
  return {
    name: 'etcron:unused-styles',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const used = new Set<string>();
        for (const each of Object.values(bundle))
          if (each.type === 'chunk') for (const [name] of each.code.matchAll(CLASS)) used.add(name);
        for (const each of Object.values(bundle)) {
          if (each.type !== 'asset' || !each.fileName.endsWith('.css')) continue;
          each.source = withoutUnused(each.fileName, each.source, used);
        }
      },
    },
  };
}

function withoutUnused(filename: string, source: string | Uint8Array, used: ReadonlySet<string>): Uint8Array {
  const canMatch = (selector: Selector): boolean => selector.every(canBe);
  const canBe = (part: SelectorComponent): boolean => {
    if (part.type === 'class') return !/^m_[0-9a-f]{6,8}$/.test(part.name) || used.has(part.name);
    if (part.type === 'pseudo-class' && (part.kind === 'is' || part.kind === 'where'))
      return part.selectors.some(canMatch);
    return true;
  };
  return transform({
    filename,
    code: typeof source === 'string' ? Buffer.from(source) : source,
    minify: true,
    visitor: {
      Rule: {
        style(rule) {
          const selectors = rule.value.selectors.filter(canMatch);
          if (selectors.length === rule.value.selectors.length) return undefined;
          if (selectors.length === 0) return [];
          return { type: 'style', value: { ...rule.value, selectors } };
        },
      },
    },
  }).code;
}
