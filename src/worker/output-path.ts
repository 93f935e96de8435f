// Where a run's output is kept, below the worker's data directory.
/** Folder of all spools. */
export const spoolRoot = (dataDir: string): string => `${dataDir}/runs`;

/** Job names and run ids hold no slash and start with a letter or digit, so this stays below the root. */
export const spoolPath = (dataDir: string, job: string, runId: string): string =>
  // Not join(): this is asked for at every start, ten thousand times in a second of a herd.
  `${spoolRoot(dataDir)}/${job}/${runId}.log`;
