// One worker of a peer in a process of its own: notes when each task was started and when the peer had recorded its
// end, by the clock of this process, and tells it when asked. Ends with its parent.
const { peer, url, jobs } = JSON.parse(process.argv[2]);

const MINUTE_MS = 60_000;
let notes = { jobs: [], ticks: [], at: [], ends: [], endTicks: [] };

process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit(0));
process.on('message', () => {
  process.send(notes);
  notes = { jobs: [], ticks: [], at: [], ends: [], endTicks: [] };
});

const { work } = await import(`./${peer}.mjs`);
await work({
  url,
  jobs,
  /** For peers that do not say which tick it is: right up to half a minute off. */
  nearestTick: () => Math.round(Date.now() / MINUTE_MS) * MINUTE_MS,
  started(job, tick) {
    notes.jobs.push(job);
    notes.ticks.push(tick);
    notes.at.push(Date.now());
  },
  ended(job, tick) {
    notes.ends.push(Date.now());
    notes.endTicks.push(tick);
  },
});
process.send('ready');
