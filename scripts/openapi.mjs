// npm run openapi: writes docs/openapi.json from the contract. With --check it compares instead, and fails
// when the file is not what the contract says now.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, built, installDependencies, root } from './install.mjs';

await installDependencies();
await build();
const { openApiDocument } = await built('common/api/openapi.js');
const { packageVersion } = await built('common/runtime/version.js');

const file = join(root, 'docs', 'openapi.json');
const text = `${JSON.stringify(openApiDocument(packageVersion()), null, 2)}\n`;

if (process.argv.includes('--check')) {
  let kept;
  try {
    kept = readFileSync(file, 'utf8');
  } catch {
    kept = '';
  }
  if (kept !== text) {
    console.error('docs/openapi.json is not what the API is now: run "npm run openapi" and commit it');
    process.exit(1);
  }
} else {
  mkdirSync(join(root, 'docs'), { recursive: true });
  writeFileSync(file, text);
}
