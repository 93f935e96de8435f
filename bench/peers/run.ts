// All that was asked for, etcron and each peer in turn, then the table and the records. Composed by main.mjs.
import { loadavg } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { printTable } from '../support/figures.ts';
import { size } from '../support/size.ts';
import { SCENARIOS, type ScenarioName } from './contestant.ts';
import { etcron } from './etcron.ts';
import { failoverParts } from './failover.ts';
import { herdParts } from './herd.ts';
import type { Part } from './part.ts';
import { loadPeer, type Peer } from './peer.ts';
import { ENTRIES } from './peers.ts';
import { describeServer } from './servers.ts';
import { skewParts } from './skew.ts';
import { steadyParts } from './steady.ts';
import { remarksOf, rowsOf, settingsOf, type Outcome, type Result } from './table.ts';

/** One after the other, but in smoke, whose figures say nothing, and which has to wait for full minutes. */
const AT_ONCE_IN_SMOKE = 5;
/** Not all of them start their processes at once. */
const BETWEEN_LANES_MS = 1_000;

const PARTS: Readonly<Record<ScenarioName, () => readonly Part[]>> = {
  herd: herdParts,
  steady: steadyParts,
  failover: failoverParts,
  skew: skewParts,
};

interface Task {
  readonly part: Part;
  readonly peer: Peer | undefined;
}

interface Asked {
  readonly scenarios: readonly ScenarioName[];
  readonly adapters: readonly string[];
}

/** Names of scenarios and of peers; those of which none is named are meant all. Undefined: one is unknown. */
function askedFor(words: readonly string[]): Asked | undefined {
  const known = [...new Set(ENTRIES.map(({ adapter }) => adapter))];
  const scenarios = SCENARIOS.filter((name) => words.includes(name));
  const adapters = known.filter((name) => words.includes(name));
  const unknown = words.filter((word) => !([...SCENARIOS, ...known] as string[]).includes(word));
  if (unknown.length > 0) {
    console.error(
      `neither a scenario nor a peer: ${unknown.join(', ')}; scenarios: ${SCENARIOS.join(', ')}; peers: ${known.join(', ')}`,
    );
    return undefined;
  }
  return {
    scenarios: scenarios.length > 0 ? scenarios : SCENARIOS,
    adapters: adapters.length > 0 ? adapters : known,
  };
}

async function outcomeOf({ part, peer }: Task): Promise<Outcome> {
  const lack = peer?.lacks(part.scenario);
  if (lack !== undefined) return { kind: 'none', reason: lack };
  try {
    return { kind: 'measured', measured: await (peer ? part.peer(peer) : part.ours()) };
  } catch (error) {
    console.error(`${peer?.name ?? etcron.name}, ${part.name}:`, error);
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function measure(task: Task): Promise<Result> {
  const { part, peer } = task;
  const name = peer?.name ?? etcron.name;
  const since = Date.now();
  const result: Result = {
    part: part.name,
    contestant: name,
    settings: peer?.settingsOf(part.scenario, part.taskMs) ?? etcron.settings,
    outcome: await outcomeOf(task),
  };
  const { outcome } = result;
  const told =
    outcome.kind === 'measured'
      ? Object.values(rowsOf([result], name)[0] ?? {})
          .slice(1)
          .join(', ')
      : `${outcome.kind}: ${outcome.reason}`;
  console.log(`${part.name}, ${name}: ${told} (${Math.round((Date.now() - since) / 1_000)} s)`);
  return result;
}

/** In their order, as many at once as there are lanes; results in the order of the tasks. */
async function inLanes(tasks: readonly Task[], lanes: number): Promise<readonly Result[]> {
  const results: Result[] = [];
  let next = 0;
  const lane = async (_: unknown, number: number): Promise<void> => {
    await wait(number * BETWEEN_LANES_MS);
    while (next < tasks.length) {
      const place = next++;
      results[place] = await measure(tasks[place]!);
    }
  };
  await Promise.all(Array.from({ length: lanes }).map(lane));
  return results;
}

export interface PeersRecord {
  readonly scenario: ScenarioName;
  readonly at: string;
  readonly loadBefore: number | undefined;
  readonly servers: readonly string[];
  readonly results: readonly Result[];
}

/** Answers the exit code. `keep` is called once for each scenario. */
export async function compare(
  words: readonly string[],
  keep: (record: PeersRecord) => void,
): Promise<number> {
  const asked = askedFor(words);
  if (asked === undefined) return 2;
  const at = new Date().toISOString();
  const loadBefore = loadavg()[0];
  const peers = await Promise.all(
    ENTRIES.filter(({ adapter }) => asked.adapters.includes(adapter)).map(loadPeer),
  );
  const parts = asked.scenarios.flatMap((scenario) => PARTS[scenario]());
  const tasks = parts.flatMap((part) => [undefined, ...peers].map((peer): Task => ({ part, peer })));
  const isSmoke = size() === 'smoke';
  // Those that wait for a full minute wait for the same one.
  const waits = ({ part, peer }: Task): number =>
    peer &&
    ((part.scenario === 'herd' && peer.herdPeriodS >= 60) || (part.scenario === 'skew' && peer.finestS >= 60))
      ? 1
      : 0;
  const ordered = isSmoke ? tasks.toSorted((a, b) => waits(b) - waits(a)) : tasks;
  const measured = await inLanes(ordered, isSmoke ? AT_ONCE_IN_SMOKE : 1);
  const results = tasks.map((task) => measured[ordered.indexOf(task)]!);

  const servers = [
    ...new Set(peers.flatMap(({ entry }) => (entry.server ? [describeServer(entry.server)] : []))),
  ];
  console.log("\nmilliseconds, and how many times etcron's");
  printTable(rowsOf(results, etcron.name));
  for (const remark of remarksOf(results)) console.log(remark);
  console.log('\nsettings');
  for (const line of settingsOf(results)) console.log(line);
  for (const server of servers) console.log(server);
  for (const scenario of asked.scenarios) {
    const own = results.filter(({ part }) => scenarioOf(parts, part) === scenario);
    keep({ scenario, at, loadBefore, servers, results: own });
  }
  return results.every(({ outcome }) => outcome.kind !== 'failed') ? 0 : 1;
}

const scenarioOf = (parts: readonly Part[], name: string): ScenarioName | undefined =>
  parts.find((part) => part.name === name)?.scenario;
