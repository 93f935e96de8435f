// npm run web:dev: the admin page from its sources, on http://localhost:8710, with each change at once. The API is
// that of a running master: ETCRON_MASTER, by default http://127.0.0.1:8700 (`npm start` brings one up).
import { join } from 'node:path';
import { installDependencies, root, run } from './install.mjs';

await installDependencies();
const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
process.exit(await run(process.execPath, [vite, '--config', 'web/vite.config.ts', ...process.argv.slice(2)]));
