// Carries a plan out: faults in their order, none before those that should be over are mended; people at work
// all the while. A fault that cannot be done or mended is trouble of the test, and told as such.
import { delay } from '../support/wait.ts';
import type { Cluster } from './cluster.ts';
import type { FaultDone } from './events.ts';
import { begin } from './faults.ts';
import type { People } from './people.ts';
import type { Plan } from './plan.ts';

export interface Nemesis {
  readonly faults: readonly FaultDone[];
  readonly trouble: readonly string[];
}

/** Resolves when everything is mended and everybody is answered. */
export async function carryOut(
  plan: Plan,
  cluster: Cluster,
  people: People,
  tell: (line: string) => void,
): Promise<Nemesis> {
  const began = Date.now();
  const faults: FaultDone[] = [];
  const trouble: string[] = [];
  const until = (at: number): Promise<void> => delay(Math.max(0, began + at - Date.now()));
  const seconds = (): string => `${((Date.now() - began) / 1_000).toFixed(1).padStart(6)} s`;

  const running: { readonly end: number; readonly done: Promise<void> }[] = [];
  const nemesis = async (): Promise<void> => {
    for (const [index, fault] of plan.faults.entries()) {
      await Promise.all(running.filter(({ end }) => end <= fault.at).map(({ done }) => done));
      await until(fault.at);
      const done = (async () => {
        const beganAt = Date.now();
        try {
          const begun = await begin(cluster, fault, `${index} ${fault.kind}`);
          tell(`${seconds()}  ${fault.kind}: ${begun.what}, for ${(fault.forMs / 1_000).toFixed(1)} s`);
          await delay(fault.forMs);
          await begun.heal();
          tell(`${seconds()}  ${fault.kind}: over`);
          const { what, victims } = begun;
          faults.push({ kind: fault.kind, what, victims, beganAt, healedAt: Date.now() });
        } catch (error) {
          // What etcd wrote besides is in its log.
          const [what] = (error as Error).message.split('\n');
          trouble.push(`${fault.kind}: ${what}`);
          tell(`${seconds()}  ${fault.kind}: ${what}`);
        }
      })();
      running.push({ end: fault.at + fault.forMs, done });
    }
    await Promise.all(running.map(({ done }) => done));
    await until(plan.durationMs);
  };
  const atWork = async (): Promise<void> => {
    const asked: Promise<void>[] = [];
    for (const action of plan.actions) {
      await until(action.at);
      asked.push(people.act(action));
    }
    await Promise.all(asked);
  };
  await Promise.all([nemesis(), atWork()]);
  return { faults: faults.sort((a, b) => a.beganAt - b.beganAt), trouble };
}
