// Which workers may run a job: by the labels that it wants, and by what its task needs of the worker's process. The
// one rule behind the ranking, requests to run, and what is told of a job that nobody can run. Pure.
import type { JobDefinition, Task, WantedLabels } from '../model/job.ts';
import type { WorkerRecord } from '../model/worker.ts';
import { labelsMatch, labelsText } from './labels.ts';

/** Of the worker's process. Requests of the kind http run in each. */
export type Need = 'processes' | 'http' | `handler:${string}`;

/** What a job wants of its workers. */
export interface Wish {
  readonly labels: WantedLabels | undefined;
  readonly need: Need;
}

/** What a worker has, as it is registered. */
export type Offer = Pick<WorkerRecord, 'labels' | 'can'>;

const HANDLER = 'handler:';

export function needOf(task: Task): Need {
  switch (task.kind) {
    case 'shell':
    case 'exec':
      return 'processes';
    case 'http':
      return 'http';
    case 'handler':
      return `${HANDLER}${task.name}`;
  }
}

export const wishOf = ({ workers: { labels }, task }: Pick<JobDefinition, 'workers' | 'task'>): Wish => ({
  labels,
  need: needOf(task),
});

/** One text for equal wishes, another for others: the JSON of an object ends where the need begins. */
export const wishKey = ({ labels, need }: Wish): string =>
  labels === undefined ? need : JSON.stringify(labels) + need;

/** A worker of a version that does not tell is taken to be able to. */
function isAble(need: Need, { can }: Offer): boolean {
  if (can === undefined || need === 'http') return true;
  return need === 'processes' ? can.processes : can.handlers.includes(need.slice(HANDLER.length));
}

export const mayRun = ({ labels, need }: Wish, worker: Offer): boolean =>
  isAble(need, worker) && labelsMatch(labels, worker.labels);

/**
 * Which worker is missing, to follow "no worker": names what of the wish none of these has, and all of it when each
 * part is met by some. Of a wish that one of them meets: what makes it that one.
 */
export function missing(wish: Wish, workers: readonly Offer[]): string {
  const labelled = workers.filter((worker) => labelsMatch(wish.labels, worker.labels)).length;
  const able = workers.filter((worker) => isAble(wish.need, worker)).length;
  const isEachMet = labelled > 0 && able > 0;
  // That nobody at all is there is said best without a list of what nobody is.
  const isNeedNamed = able === 0 ? workers.length > 0 : isEachMet && able < workers.length;
  return wishText({
    labels: labelled === 0 || isEachMet ? wish.labels : undefined,
    need: isNeedNamed ? wish.need : 'http',
  });
}

/** To follow "a worker": ` with the labels gpu=yes that runs processes`; empty: any will do. */
export const wishText = ({ labels, need }: Wish): string =>
  (labels === undefined || Object.keys(labels).length === 0 ? '' : ` with the labels ${labelsText(labels)}`) +
  needText(need);

/** What keeps this worker from running it, to follow its name: `does not run processes`; empty: nothing. */
export function lackOf({ labels, need }: Wish, worker: Offer): string {
  const lacks = labelsMatch(labels, worker.labels) ? [] : [`does not have the labels ${labelsText(labels!)}`];
  if (!isAble(need, worker))
    lacks.push(
      need === 'processes' ? 'does not run processes' : `does not have the handler ${handlerOf(need)}`,
    );
  return lacks.join(' and ');
}

function needText(need: Need): string {
  if (need === 'http') return '';
  return need === 'processes' ? ' that runs processes' : ` that has the handler ${handlerOf(need)}`;
}

const handlerOf = (need: Need): string => JSON.stringify(need.slice(HANDLER.length));
