// A peer: its adapter, a module in adapters/ that is plain JavaScript since its package is found from there only, and
// the server that it needs. All that is particular to a peer is said there.
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startWorkerProcess } from '../support/fleet.ts';
import type { Scope } from '../support/scope.ts';
import { sized } from '../support/size.ts';
import type { Contestant, Crew, Load, ScenarioName } from './contestant.ts';
import { cronOf } from './schedule.ts';
import { startServer, type Server } from './servers.ts';

/** Of the checkout: this module runs from where it is compiled to. */
export const PEERS_DIR = fileURLToPath(new URL('../../../bench/peers/', import.meta.url));

type Variant = 'as it comes' | 'tuned';

interface AdapterLoad extends Omit<Load, 'onStart'> {
  readonly url: string | undefined;
  readonly variant: Variant;
  readonly cron: string | undefined;
}

interface Adapter {
  readonly needs?: Server['kind'];
  readonly finestS: number;
  readonly isAlone?: boolean;
  /** Seconds between two herds, where fifteen are too few. */
  readonly herdPeriodS?: number;
  /** Scenarios that make no sense for it, and why. */
  readonly cannot?: Partial<Record<ScenarioName, string>>;
  settingsOf(scenario: ScenarioName, variant: Variant, taskMs: number): string;
  register?(load: AdapterLoad): Promise<void>;
  enqueue?(load: AdapterLoad & { readonly job: number }): Promise<void>;
}

export interface Entry {
  readonly name: string;
  /** Of its module in adapters/. */
  readonly adapter: string;
  readonly server?: Server;
  readonly variant?: Variant;
  /** All, by default. */
  readonly scenarios?: readonly ScenarioName[];
}

export interface Peer extends Contestant {
  readonly entry: Entry;
  readonly herdPeriodS: number;
  /** Why it is not measured there; undefined: it is. */
  lacks(scenario: ScenarioName): string | undefined;
  settingsOf(scenario: ScenarioName, taskMs: number): string;
}

export async function loadPeer(entry: Entry): Promise<Peer> {
  const file = pathToFileURL(join(PEERS_DIR, 'adapters', `${entry.adapter}.mjs`)).href;
  const adapter = (await import(file)) as Adapter;
  const variant = entry.variant ?? 'tuned';
  const { finestS, cannot } = adapter;
  return {
    name: entry.name,
    entry,
    finestS,
    isAlone: adapter.isAlone ?? false,
    herdPeriodS: adapter.herdPeriodS ?? (finestS === 1 ? sized({ smoke: 5, short: 15, full: 15 }) : finestS),
    lacks(scenario) {
      if (entry.scenarios?.includes(scenario) === false) return 'measured in its other form only';
      if (scenario === 'steady' && finestS > 1) return 'its cron knows no seconds';
      return cannot?.[scenario];
    },
    settingsOf: (scenario, taskMs) => adapter.settingsOf(scenario, variant, taskMs),
    open: (scope, load) => openPeer(scope, entry, adapter, variant, load),
  };
}

async function openPeer(
  scope: Scope,
  entry: Entry,
  adapter: Adapter,
  variant: Variant,
  { onStart, ...load }: Load,
): Promise<Crew> {
  const url = entry.server && (await startServer(scope, entry.server));
  const given: AdapterLoad = {
    ...load,
    url,
    variant,
    cron: load.periodS === undefined ? undefined : cronOf(load.periodS),
  };
  const since = performance.now();
  await adapter.register?.(given);
  return {
    registerMs: Math.round(performance.now() - since),
    startWorker: (name, wrapper) =>
      startWorkerProcess(scope, {
        name,
        entry: join(PEERS_DIR, 'worker.mjs'),
        options: { ...given, peer: entry.adapter, tellsStarts: onStart !== undefined },
        onStart,
        wrapper,
        endsBy: 'SIGKILL',
      }),
    enqueue: async (job) => adapter.enqueue?.({ ...given, job }),
  };
}
