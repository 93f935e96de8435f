// Where a run's output is kept, below the worker's data directory.
import { join } from 'node:path';

/** Folder of all spools. */
export const spoolRoot = (dataDir: string): string => join(dataDir, 'runs');

/** Job names and run ids hold no slash and start with a letter or digit, so this stays below the root. */
export const spoolPath = (dataDir: string, job: string, runId: string): string =>
  join(spoolRoot(dataDir), job, `${runId}.log`);
