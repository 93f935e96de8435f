// One worker of a peer in a process of its own, which speaks the worker protocol of bench/support: notes when each
// task was started and when the peer had recorded its end, by the clock of this process, and tells it when asked, or
// each start at once. Ends with its parent, and on SIGTERM as the peer's documentation says.
const { peer, tellsStarts, ...load } = JSON.parse(process.argv[2]);

/** A timer may fire a moment before its time. */
const EARLY_MS = 50;
const MOST_COMPLAINTS = 5;

const empty = () => ({ jobs: [], ticks: [], at: [], ends: { ticks: [], at: [] } });
const nameOf = (job) => `job-${job}`;
let notes = empty();

process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit(0));
// Its parent may be gone while this was loaded.
if (!process.connected) process.exit(0);
process.on('message', ({ type }) => {
  if (type !== 'take') return;
  process.send({ type: 'starts', starts: notes });
  notes = empty();
});

/** Ends by itself, or when it is told to stop, which fails it. */
const lasting = (signal) =>
  new Promise((resolve, reject) => {
    setTimeout(resolve, load.taskMs);
    signal?.addEventListener('abort', () => reject(new Error('told to stop')));
  });

let complaints = 0;
const complain = (error) => {
  if (++complaints <= MOST_COMPLAINTS) console.error(`${peer}: ${error.message}`);
};

const { work } = await import(`./adapters/${peer}.mjs`);
const stop = await work({
  ...load,
  /** The task: to be called by the peer, whose run lasts until the promise, if there is one, is settled. */
  run(job, tick, signal) {
    const at = Date.now();
    if (tellsStarts) process.send({ type: 'started', job: nameOf(job), tick, at });
    else {
      notes.jobs.push(nameOf(job));
      notes.ticks.push(tick);
      notes.at.push(at);
    }
    return load.taskMs > 0 ? lasting(signal) : undefined;
  },
  /** What the peer tells of itself: told on, but not a thousand times. */
  complain,
  ended(_job, tick) {
    notes.ends.ticks.push(tick);
    notes.ends.at.push(Date.now());
  },
  /** For peers that do not say which tick it is: right unless it is a whole period late. */
  tickNow: () => Math.floor((Date.now() + EARLY_MS) / (load.periodS * 1_000)) * load.periodS * 1_000,
});
process.once('SIGTERM', () => void Promise.resolve(stop?.()).then(() => process.exit(0)));
process.send({ type: 'ready', url: '', workerId: '' });
