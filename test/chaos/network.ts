// The network of the cluster: a link for each process and etcd member that it talks to, and one in front of
// each member for the others. Rules are kept by reason, so that faults that overlap end one by one.
import { CLEAR, startLink, type Conditions, type Link } from '../support/link.ts';

/** `to` and `from` name processes and members; a rule holds for connections either way. */
export interface Rule {
  readonly between: (from: string, to: string) => boolean;
  readonly conditions: Partial<Conditions>;
}

export interface Network {
  /** URL under which that process reaches that member. */
  open(from: string, to: string, port: number): Promise<string>;
  /** URL under which members reach that member. */
  openPeer(to: string, port: number): Promise<string>;
  /** Tells which member has that id: peers send their ids along. */
  nameMember(id: string, name: string): void;
  add(reason: string, rule: Rule): void;
  remove(reason: string): void;
  /** Ends connections at once, as routers that restart do. */
  reset(between: Rule['between']): void;
  stop(): Promise<void>;
}

/** Raft's requests say who sends them. */
const sourceOf = (first: Buffer): string =>
  /^X-Server-From: ([0-9a-f]+)\r$/im.exec(first.toString('latin1'))?.[1] ?? 'unknown';

export function createNetwork(random: () => number): Network {
  const rules = new Map<string, Rule>();
  const links: { readonly link: Link; readonly to: string; readonly from: string | undefined }[] = [];
  const names = new Map<string, string>();

  const conditionsOf = (from: string, to: string): Conditions => {
    let all = CLEAR;
    for (const { between, conditions } of rules.values()) {
      if (!between(from, to) && !between(to, from)) continue;
      all = {
        isCut: all.isCut || (conditions.isCut ?? false),
        delayMs: all.delayMs + (conditions.delayMs ?? 0),
        stallChance: Math.max(all.stallChance, conditions.stallChance ?? 0),
        stallMs: Math.max(all.stallMs, conditions.stallMs ?? 0),
        resetChance: Math.max(all.resetChance, conditions.resetChance ?? 0),
      };
    }
    return all;
  };
  const apply = (): void => {
    for (const { link, from, to } of links)
      link.set((source) => conditionsOf(from ?? names.get(source) ?? source, to));
  };

  return {
    async open(from, to, port) {
      const link = await startLink({ target: { host: '127.0.0.1', port }, random });
      links.push({ link, from, to });
      return link.url;
    },
    async openPeer(to, port) {
      const link = await startLink({ target: { host: '127.0.0.1', port }, sourceOf, random });
      links.push({ link, from: undefined, to });
      return link.url;
    },
    nameMember(id, name) {
      names.set(id, name);
      apply();
    },
    add(reason, rule) {
      rules.set(reason, rule);
      apply();
    },
    remove(reason) {
      rules.delete(reason);
      apply();
    },
    reset(between) {
      for (const { link, from, to } of links)
        if (from !== undefined && (between(from, to) || between(to, from))) link.reset();
    },
    async stop() {
      await Promise.all(links.map(({ link }) => link.stop()));
    },
  };
}
