// The part of a failing seed's trace that a reader needs first: what happened to the job, and to those who had it in
// hand, until the violation.
import { simulate, type SimulationOptions } from './simulate.ts';

const LINES = 60;
const FAULT = /nemesis:|VIOLATION|lease \d+ ends|(starts|has stopped)$/;

export async function storyOf(seed: number, tamper?: SimulationOptions['tamper']): Promise<string[]> {
  const { trace, violations } = await simulate({ seed, trace: true, ...(tamper ? { tamper } : {}) });
  const first = violations[0];
  if (!first) return [`seed ${seed} did not fail again`];
  const until = trace.findIndex((line) => line.includes('VIOLATION'));
  // What is wrong is told at the end; it happened at the tick, or to the run, that is named.
  const run = /\d{8}T\d{6}\.\d{3}Z-\w+/.exec(first.what)?.[0];
  const at = /tick (\d{13})/.exec(first.what)?.[1];
  const tick = at === undefined ? undefined : runIdOf(Number(at));
  const about = new RegExp(`[ /"]${first.job}([ /":#]|$)`);
  const isAbout = (line: string): boolean => about.test(line) || FAULT.test(line);
  const mark = run ?? tick;
  const marked = mark === undefined ? -1 : trace.findLastIndex((line, i) => i < until && line.includes(mark));
  const end = marked >= 0 ? Math.min(until, marked + 100) : until;
  const lines = trace.slice(0, end).filter(isAbout).slice(-LINES);
  return [`seed ${seed}, the last ${lines.length} lines of ${first.job}:`, ...lines, trace[until] ?? ''];
}

const runIdOf = (tick: number): string => new Date(tick).toISOString().replace(/[-:]/g, '');
