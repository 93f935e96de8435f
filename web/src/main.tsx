// The page's own start: puts its parts together, once, and draws. Nothing else composes them.
import './lib/zod-setup.ts';
import '@mantine/core/styles.layer.css';
import '@mantine/notifications/styles.layer.css';
import './app/page.css';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { createQueryClient } from './app/query-client.ts';
import { createPageRouter } from './app/router.tsx';
import { createFreshness } from './lib/freshness.ts';
import { startLanguage } from './lib/i18n/language.ts';
import { startLive } from './lib/live.ts';
import { reloadOnNewBuild } from './lib/new-build.ts';
import { styleNonce } from './lib/style-nonce.ts';

const nonce = styleNonce();
reloadOnNewBuild();
const client = createQueryClient();
const live = startLive({ onResync: () => void client.invalidateQueries() });
live.listen(createFreshness(client).take);

await startLanguage();
createRoot(document.getElementById('root')!).render(
  <App client={client} live={live} router={createPageRouter()} nonce={nonce} />,
);
