// The file of API tokens: one `name token` a line, `#` starts a comment. Errors name the line, never the token.
import type { Checked, FieldIssue } from '../model/issue.ts';
import { secret, type Secret } from './secret.ts';

export interface ApiToken {
  /** Who it is, for the log and the records of runs. */
  readonly name: string;
  readonly token: Secret;
}

/** Shorter ones can be guessed. */
const SHORTEST = 16;

/** Issues have the path `line <n>`, or '' for the whole file. */
export function parseApiTokens(text: string): Checked<readonly ApiToken[]> {
  const tokens: ApiToken[] = [];
  const issues: FieldIssue[] = [];
  const seen = new Set<string>();
  for (const [index, line] of text.split('\n').entries()) {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) continue;
    const complain = (message: string): void => void issues.push({ path: `line ${index + 1}`, message });
    const [name, token, ...rest] = content.split(/\s+/);
    if (name === undefined || token === undefined || rest.length > 0)
      complain('must be a name and a token, with a space between');
    else if (!/^[A-Za-z0-9._@-]{1,64}$/.test(name))
      complain('the name holds at most 64 letters, digits and ". _ @ -"');
    else if (!/^[\x21-\x7e]+$/.test(token) || token.length < SHORTEST)
      complain(
        `the token needs at least ${SHORTEST} printable characters; "openssl rand -hex 24" makes a good one`,
      );
    else if (seen.has(name)) complain(`the name ${name} is there twice`);
    else {
      seen.add(name);
      tokens.push({ name, token: secret(token) });
    }
  }
  if (tokens.length === 0 && issues.length === 0)
    issues.push({ path: '', message: 'holds no token: write one "name token" a line' });
  return issues.length > 0 ? { ok: false, issues } : { ok: true, value: tokens };
}
