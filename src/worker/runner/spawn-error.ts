// Why a program did not start, told so that the reader knows which field to change and to what.
import { accessSync, constants, statSync } from 'node:fs';
import type { StartOrder } from './protocol.ts';

function cwdFault(cwd: string): string | undefined {
  try {
    if (!statSync(cwd).isDirectory()) return `task.cwd: "${cwd}" is not a directory on this worker`;
    accessSync(cwd, constants.X_OK);
    return undefined;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      return `task.cwd: "${cwd}" does not exist on this worker; create it there, or leave cwd out`;
    }
    return `task.cwd: "${cwd}" may not be entered by the user of the task`;
  }
}

export function explainSpawnError(cause: NodeJS.ErrnoException, order: StartOrder): string {
  const program = `${order.programField}: "${order.argv[0] ?? ''}"`;
  const ofCwd = order.cwd === undefined ? undefined : cwdFault(order.cwd);
  const code = cause.code ?? '';
  switch (code) {
    case 'ENOENT':
      if (ofCwd !== undefined) return ofCwd;
      return order.argv[0]?.includes('/')
        ? `${program} does not exist on this worker, or the interpreter its first line names does not`
        : `${program} is not found on this worker's PATH (${order.env['PATH'] ?? 'not set'}); install it or give its full path`;
    case 'ENOTDIR':
      return ofCwd ?? `${program} has a file where a directory should be in its path`;
    case 'EACCES':
      return (
        ofCwd ??
        `${program} may not be executed by the user of the task; is it an executable file (chmod +x)?`
      );
    case 'ENOEXEC':
      return `${program} is no program of this system; a script needs a first line such as #!/bin/sh`;
    case 'E2BIG':
      return `${program} cannot start: its arguments and environment are larger than this system takes; pass large input by a file`;
    case 'EPERM':
      return `task.user: this worker may not start a process as user "${order.user ?? ''}"; it needs to run as root`;
    case 'ERR_INVALID_ARG_VALUE':
      // Node's own words hold the value, which may be secret.
      return `${order.programField}: the program, its arguments, its environment or its directory hold a zero byte, or the program is empty`;
    case 'EAGAIN':
    case 'ENOMEM':
    case 'EMFILE':
    case 'ENFILE':
      return `this worker can start no more processes (${code}): raise its limits or lower its slots`;
    default:
      return `${program} cannot be started: ${cause.message}`;
  }
}
