// The user a task runs as. Node sets ids, not names, and has no getpwnam: /etc/passwd first, then getent,
// which asks the directory services that a host may use.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';

export interface RunAs {
  /** Absent when the runner is that user already. */
  readonly ids?: { readonly uid: number; readonly gid: number };
  /** What login sets, for a task that does not set it itself. */
  readonly env: Readonly<Record<string, string>>;
}

function parseEntry(line: string | undefined): RunAs | undefined {
  const [name, , uid, gid, , home, shell] = line?.trim().split(':') ?? [];
  if (name === undefined || !/^\d+$/.test(uid ?? '') || !/^\d+$/.test(gid ?? '')) return undefined;
  return {
    ids: { uid: Number(uid), gid: Number(gid) },
    env: { USER: name, LOGNAME: name, HOME: home || '/', SHELL: shell || '/bin/sh' },
  };
}

function askDirectory(name: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile('getent', ['passwd', '--', name], { timeout: 5_000 }, (error, stdout) =>
      resolve(error ? undefined : stdout.split('\n')[0]),
    );
  });
}

/** A text: what is wrong with running as this user here, as a field's message. `own`: who the runner is. */
export async function findUser(name: string, own = process.getuid?.()): Promise<RunAs | string> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const local = passwd.split('\n').find((line) => line.split(':', 1)[0] === name);
  const found = parseEntry(local ?? (await askDirectory(name)));
  if (!found) return `task.user: this worker's host has no user "${name}"; name one that exists there`;
  if (found.ids?.uid === own) return { env: found.env };
  if (own !== 0) {
    return `task.user: running as "${name}" needs a worker that runs as root; this one runs as ${ownName()}`;
  }
  return found;
}

/** In a container the process may run under an id that no user has. */
function ownName(): string {
  try {
    return `"${userInfo().username}"`;
  } catch {
    return `user id ${process.getuid?.() ?? 'unknown'}`;
  }
}
