// Builds, and writes docs/openapi.json from the contract; with --check only tells whether it is current.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = new URL('../docs/openapi.json', import.meta.url);
execFileSync('npm', ['run', '--silent', 'build'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  stdio: 'inherit',
});
const { openApiDocument } = await import('../dist/common/api/openapi.js');
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const text = `${JSON.stringify(openApiDocument(version), null, 2)}\n`;

if (process.argv.includes('--check')) {
  let stored = '';
  try {
    stored = readFileSync(file, 'utf8');
  } catch {
    // Not there: not current.
  }
  if (stored !== text) {
    console.error('docs/openapi.json is not what the contract says: run npm run openapi');
    process.exit(1);
  }
  console.log('docs/openapi.json is current');
} else {
  writeFileSync(file, text);
  console.log('docs/openapi.json written');
}
