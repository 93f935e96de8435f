// 页面的全部中文词语，按功能划分。
import type { Catalogue } from '../../lib/i18n/translated.ts';
import { cluster } from './cluster.ts';
import { common } from './common.ts';
import { editor } from './editor.ts';
import { job } from './job.ts';
import { jobs } from './jobs.ts';
import { overview } from './overview.ts';
import { runs } from './runs.ts';
import { shell } from './shell.ts';
import { workers } from './workers.ts';

export const catalogue: Catalogue = { cluster, common, editor, job, jobs, overview, runs, shell, workers };
