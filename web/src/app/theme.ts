// The look, once: calm and dense. Colours of outcomes are in components/outcome.css; everything else is Mantine's,
// set here and in app/page.css.
import { createTheme, type MantineColorsTuple } from '@mantine/core';

const pine: MantineColorsTuple = [
  '#eef7f4',
  '#dcebe5',
  '#b8d8cc',
  '#8fc2b0',
  '#6bad98',
  '#4f9a83',
  '#37806a',
  '#2f6f5e',
  '#265b4d',
  '#1b463b',
];
const dark: MantineColorsTuple = [
  '#d5d9e0',
  '#b4bac5',
  '#98a0ad',
  '#6d7585',
  '#3b424f',
  '#2d333d',
  '#22272f',
  '#181c22',
  '#12151a',
  '#0c0e12',
];

/** White on its buttons passes 4.5:1 in both themes. */
const red: MantineColorsTuple = [
  '#fdeaea',
  '#fbd5d5',
  '#f5aaa9',
  '#ef7f7c',
  '#ea5e5a',
  '#e24843',
  '#d0302b',
  '#c12b26',
  '#a8231f',
  '#8b1b18',
];

export const theme = createTheme({
  primaryColor: 'pine',
  primaryShade: { light: 7, dark: 6 },
  colors: { pine, dark, red },
  autoContrast: true,
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei", sans-serif',
  fontFamilyMonospace:
    'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", "WenQuanYi Micro Hei Mono", monospace',
  headings: {
    fontWeight: '600',
    sizes: { h1: { fontSize: '1.375rem' }, h2: { fontSize: '1.0625rem' }, h3: { fontSize: '0.9375rem' } },
  },
  components: {
    Button: { defaultProps: { size: 'xs' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
    NavLink: { defaultProps: { px: 'xs', py: 6, style: { borderRadius: 'var(--mantine-radius-sm)' } } },
    Table: { defaultProps: { verticalSpacing: 6, horizontalSpacing: 'sm', fz: 'sm' } },
    Tooltip: {
      defaultProps: { withArrow: true, openDelay: 300, events: { hover: true, focus: true, touch: true } },
    },
    TextInput: { defaultProps: { size: 'sm' } },
    Paper: { defaultProps: { withBorder: true } },
  },
});
