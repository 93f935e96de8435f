// How the admin page is built: into dist/web, by scripts/install.mjs, which says where and moves it into place.
// All that is compressed is compressed here, once: the master serves the files as they are.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { unusedStyles } from './unused-styles.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const COMPRESSED = /\.(?:js|css|svg)$/;
/** Below it, a packet carries it either way. */
const WORTH_IT = 1_024;

/** `x.js.br` and `x.js.gz` beside `x.js`, for @fastify/static to choose from. */
function precompress(): Plugin {
  let outDir = '';
  return {
    name: 'etcron:precompress',
    apply: 'build',
    configResolved(config) {
      outDir = join(config.root, config.build.outDir);
      if (config.build.outDir.startsWith('/')) outDir = config.build.outDir;
    },
    closeBundle() {
      for (const entry of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !COMPRESSED.test(entry.name)) continue;
        const file = join(entry.parentPath, entry.name);
        const bytes = readFileSync(file);
        if (bytes.length < WORTH_IT) continue;
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
        writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
      }
    },
  };
}

const master = process.env['ETCRON_MASTER'] ?? 'http://127.0.0.1:8700';
const passed = ['/api', '/docs', '/openapi.json', '/healthz', '/readyz', '/metrics'];

export default defineConfig({
  root: here,
  // Relative: the page works behind any prefix that a proxy takes off.
  base: './',
  plugins: [react(), unusedStyles(), precompress()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    // Browsers of the last two years or so.
    target: ['chrome111', 'firefox115', 'safari16.4'],
    // A data: URL needs no request, but the page's policy allows them for images only.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1_000,
    reportCompressedSize: false,
    manifest: 'manifest.json',
    rolldownOptions: {
      output: {
        // What several pages share as one file: as many small ones, each compressed by itself, are a sixth more.
        codeSplitting: {
          groups: [
            { name: 'base', test: /node_modules|web[\\/]src[\\/](?:lib|components)/, minShareCount: 4 },
          ],
        },
      },
    },
  },
  server: { port: 8710, proxy: Object.fromEntries(passed.map((path) => [path, master])) },
});
