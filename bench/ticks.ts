// The cost of a tick: etcron's calculator beside cron-parser and croner, over expressions and zones, hot (one
// schedule asked again and again) and cold (from text to the first tick).
import { CronExpressionParser } from 'cron-parser';
import { Cron } from 'croner';
import { createScheduleCompiler, type ScheduleCompiler } from '../src/common/core/schedule.ts';
import { instant, type Instant } from '../src/common/model/time.ts';
import { sized } from './support/size.ts';

const CASES: readonly (readonly [schedule: string, timezone: string])[] = [
  ['* * * * *', 'UTC'],
  ['*/15 * * * *', 'Europe/Berlin'],
  ['30 2 * * *', 'Europe/Berlin'],
  ['0 9-17 * * 1-5', 'America/New_York'],
  ['15 2 * * *', 'Australia/Lord_Howe'],
  ['*/10 * * * * *', 'Asia/Kolkata'],
  ['0 0 L * *', 'Pacific/Apia'],
  ['0 12 * * fri#2', 'Africa/Casablanca'],
  ['0 0 29 2 *', 'Europe/Berlin'],
];

const START = Date.UTC(2027, 0, 1);
const ours = (): number => sized({ smoke: 200, short: 20_000, full: 20_000 });
const theirs = (): number => sized({ smoke: 5, short: 200, full: 200 });
const roundsOfEach = (): number => sized({ smoke: 1, short: 3, full: 5 });

type Step = () => void;

/** Microseconds a call: the best of a few rounds, so that the neighbours of the machine count least. */
function measure(calls: number, prepare: () => Step): number {
  let best = Infinity;
  for (let round = 0; round < roundsOfEach(); round++) {
    const step = prepare();
    const begin = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) step();
    best = Math.min(best, Number(process.hrtime.bigint() - begin) / 1000 / calls);
  }
  return best;
}

function compileOr(compiler: ScheduleCompiler, schedule: string, timezone: string) {
  const compiled = compiler.compile({
    name: 'bench',
    schedule,
    timezone,
    dst: { gap: 'shift', repeat: 'first' },
    anchor: instant(START),
  });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  return compiled.value;
}

/** A walk from tick to tick that begins anew before it leaves the years that clocks are known for. */
const LAST = Date.UTC(2037, 0, 1);

function hot(schedule: string, timezone: string) {
  const compiler = createScheduleCompiler();
  const etcron = measure(ours(), () => {
    const compiled = compileOr(compiler, schedule, timezone);
    let at: Instant = instant(START);
    return () => {
      at = compiled.nextAfter(at) ?? instant(START);
      if (at > LAST) at = instant(START);
    };
  });
  const cronParser = measure(theirs(), () => {
    const parse = () => CronExpressionParser.parse(schedule, { tz: timezone, currentDate: new Date(START) });
    let iterator = parse();
    return () => {
      try {
        if (iterator.next().getTime() > LAST) iterator = parse();
      } catch {
        iterator = parse(); // it gives up at some changes of the clock
      }
    };
  });
  const croner = measure(theirs(), () => {
    const cron = new Cron(schedule, { timezone, paused: true });
    let at = new Date(START);
    return () => {
      at = cron.nextRun(at) ?? new Date(START);
      if (at.getTime() > LAST) at = new Date(START);
    };
  });
  return { etcron, cronParser, croner };
}

/** From text to the first tick, with nothing known: no zone, no expression. */
function cold(schedule: string, timezone: string) {
  const etcron = measure(50, () => () => {
    compileOr(createScheduleCompiler(), schedule, timezone).nextAfter(instant(START));
  });
  const cronParser = measure(50, () => () => {
    CronExpressionParser.parse(schedule, { tz: timezone, currentDate: new Date(START) }).next();
  });
  const croner = measure(50, () => () => {
    new Cron(schedule, { timezone, paused: true }).nextRun(new Date(START));
  });
  return { etcron, cronParser, croner };
}

/** Distinct expressions in one zone, and the same one over again. */
function compiling() {
  const compiler = createScheduleCompiler();
  let i = 0;
  const distinct = measure(1000, () => () => {
    compileOr(
      compiler,
      `${i % 60} ${Math.floor(i / 60) % 24} ${1 + (Math.floor(i++ / 1440) % 28)} * *`,
      'Europe/Berlin',
    );
  });
  const known = measure(100_000, () => () => {
    compileOr(compiler, '30 2 * * *', 'Europe/Berlin');
  });
  const hashed = measure(1000, () => () => {
    const input = {
      name: `job-${i++}`,
      schedule: 'H H * * *',
      timezone: 'Europe/Berlin',
      anchor: instant(START),
    };
    compiler.compile({ ...input, dst: { gap: 'shift', repeat: 'first' } });
  });
  return { distinct, known, hashed };
}

const us = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} us`;

export function run(): Promise<object> {
  const rows = CASES.map(([schedule, timezone]) => ({
    schedule,
    timezone,
    hot: hot(schedule, timezone),
    cold: cold(schedule, timezone),
  }));
  const compile = compiling();
  for (const { schedule, timezone, ...costs } of rows) {
    for (const [kind, { etcron, cronParser, croner }] of Object.entries(costs)) {
      const ratios = `cron-parser ${us(cronParser)} (x${(cronParser / etcron).toFixed(1)}), croner ${us(croner)} (x${(croner / etcron).toFixed(1)})`;
      console.log(
        `${kind.padEnd(4)} ${schedule.padEnd(16)} ${timezone.padEnd(20)} etcron ${us(etcron)}, ${ratios}`,
      );
    }
  }
  console.log(
    `compile: distinct ${us(compile.distinct)}, known ${us(compile.known)}, with H ${us(compile.hashed)}`,
  );
  return Promise.resolve({
    unit: 'microseconds per tick',
    rows,
    compile,
    slowestHot: Math.max(...rows.map((row) => row.hot.etcron)),
    leastRatioToCronParser: Math.min(...rows.map((row) => row.hot.cronParser / row.hot.etcron)),
  });
}
