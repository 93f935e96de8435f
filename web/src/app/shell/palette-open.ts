// Whether the command palette is open: the header, a key and the palette itself share it.
import { createStore } from '../../lib/store.ts';

export const paletteOpen = createStore(false);
