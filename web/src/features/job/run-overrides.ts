// Variables and payload as they are typed, read. Pure.

export interface ReadEnv {
  /** undefined when there are none. */
  readonly env?: Readonly<Record<string, string>>;
  /** The first line that is none. */
  readonly wrong?: string;
}

/** `NAME=value`, one a line; empty lines and those that begin with # are passed over. */
export function readEnv(text: string): ReadEnv {
  const env: Record<string, string> = {};
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const [, name, value] = /^\s*([A-Za-z_]\w*)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return { wrong: line.trim() };
    env[name] = value;
  }
  return Object.keys(env).length > 0 ? { env } : {};
}

export type ReadPayload =
  { readonly isWrong: boolean } | { readonly isWrong: false; readonly payload: unknown };

/** JSON; nothing when nothing was typed. */
export function readPayload(text: string): ReadPayload {
  if (text.trim() === '') return { isWrong: false };
  try {
    return { isWrong: false, payload: JSON.parse(text) as unknown };
  } catch {
    return { isWrong: true };
  }
}
