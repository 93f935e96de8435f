// A master that was upgraded no longer has the pieces of the page that this one would load: it is loaded anew, once.
import { readStored, writeStored } from './stored.ts';

const KEY = 'etcron-reloaded';
const AGAIN_AFTER_MS = 60_000;

export function reloadOnNewBuild(): void {
  window.addEventListener('vite:preloadError', (event) => {
    const last = Number(readStored(KEY, 'session') ?? 0);
    if (Date.now() - last < AGAIN_AFTER_MS) return;
    event.preventDefault();
    writeStored(KEY, String(Date.now()), 'session');
    location.reload();
  });
}
