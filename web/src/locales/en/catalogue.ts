// All English words of the page, by feature. English is the language that keys are typed by.
import { cluster } from './cluster.ts';
import { common } from './common.ts';
import { editor } from './editor.ts';
import { job } from './job.ts';
import { jobs } from './jobs.ts';
import { overview } from './overview.ts';
import { runs } from './runs.ts';
import { shell } from './shell.ts';
import { workers } from './workers.ts';

export const catalogue = { cluster, common, editor, job, jobs, overview, runs, shell, workers };
