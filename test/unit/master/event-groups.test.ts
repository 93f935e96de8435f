// Readers of gathered news: shared batches, slow readers, and going on after a cut.
import { beforeEach, describe, expect, it } from 'vitest';
import { createEventGroups, type EventGroups } from '../../../src/master/http/event-groups.ts';
import { createTestClock, type TestClock } from '../../support/test-clock.ts';

let clock: TestClock;
let groups: EventGroups;
let idle: number;
beforeEach(() => {
  clock = createTestClock();
  idle = 0;
  groups = createEventGroups(clock, () => idle++);
});

interface Told {
  readonly event: string;
  readonly id: string | undefined;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any;
}

function reader(job?: string, lastEventId?: string) {
  const out = groups.open({ every: 500, job }, lastEventId, () => {});
  let text = '';
  const read = (): void => void out.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const events = (): Told[] =>
    text.split('\n\n').flatMap((each): Told[] => {
      const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(each)?.[1];
      const event = field('event');
      return event === undefined ? [] : [{ event, id: field('id'), data: JSON.parse(field('data')!) }];
    });
  return { out, read, events, words: () => events().map(({ event, data }) => data.reason ?? event) };
}

const change = (name: string): void =>
  groups.tell(name, (to) => to.job({ name, type: 'put', modRevision: 1 }));

describe('readers of gathered news', () => {
  it('are told to read the lists first, then one batch at most in each stretch of time', async () => {
    const all = reader();
    all.read();
    change('a');
    change('b');
    await clock.advance(499);
    expect(all.words()).toEqual(['opened']);
    change('c');
    await clock.advance(1);
    expect(all.words()).toEqual(['opened', 'batch']);
    expect(all.events()[1]!.data.jobs.map(({ name }: { name: string }) => name)).toEqual(['a', 'b', 'c']);
    await clock.advance(5_000);
    expect(all.words()).toHaveLength(2);
  });

  it('hear of one job alone when they ask for it', async () => {
    const one = reader('a');
    one.read();
    change('b');
    await clock.advance(1_000);
    expect(one.words()).toEqual(['opened']);
    change('a');
    groups.tell(undefined, (to) => to.worker({ id: 'w', type: 'delete' }));
    await clock.advance(1_000);
    expect(one.events()[1]!.data).toMatchObject({ jobs: [{ name: 'a' }], workers: [] });
  });

  it('go on where they were after a cut, and begin anew when that is not kept', async () => {
    const first = reader();
    first.read();
    change('a');
    await clock.advance(500);
    const { id } = first.events().at(-1)!;
    first.out.destroy();
    await clock.advance(1_000);
    change('b');
    await clock.advance(1_000);
    const again = reader(undefined, id);
    again.read();
    await clock.advance(1);
    expect(again.events().map(({ data }) => data.jobs?.[0].name)).toEqual(['b']);
    for (const last of ['nonsense', `${id}0`, `x${id}`]) {
      const other = reader(undefined, last);
      other.read();
      await clock.advance(1);
      expect(other.words()).toEqual(['opened']);
    }
    // Far more than is kept has passed.
    for (let n = 0; n < 100; n++) {
      change(`c${n}`);
      await clock.advance(500);
    }
    const late = reader(undefined, id);
    late.read();
    await clock.advance(1);
    expect(late.words()).toEqual(['opened']);
  });

  it('begin anew where all that was kept of before is gone, whatever has been counted since', async () => {
    const first = reader();
    first.read();
    change('a');
    await clock.advance(500);
    const { id } = first.events().at(-1)!;
    first.out.destroy();
    await clock.advance(31_000);
    const other = reader();
    for (const name of ['b', 'c', 'd']) {
      change(name);
      await clock.advance(500);
    }
    other.out.destroy();
    const again = reader(undefined, id);
    again.read();
    await clock.advance(1);
    expect(again.words()).toEqual(['opened']);
  });

  it('that take nothing miss batches, are told so, and hold up nobody', async () => {
    const slow = reader();
    const fast = reader();
    fast.read();
    let most = 0;
    for (let n = 0; n < 200; n++) {
      for (let i = 0; i < 250; i++) change(`${'long-name-'.repeat(10)}${n}-${i}`);
      await clock.advance(500);
      most = Math.max(most, slow.out.writableLength);
      if (n === 99) {
        slow.read();
        await clock.advance(0);
      }
    }
    expect(most).toBeLessThan(1024 * 1024);
    expect(fast.words().filter((word) => word === 'batch')).toHaveLength(200);
    const words = slow.words();
    expect(words[0]).toBe('opened');
    expect(words.filter((word) => word === 'behind')).toHaveLength(1);
    const behind = words.indexOf('behind');
    expect(words.slice(1, behind).every((word) => word === 'batch')).toBe(true);
    expect(words.slice(behind + 1)).toHaveLength(99);
  });

  it('that take nothing for a minute are let go', async () => {
    const stuck = reader();
    for (let n = 0; n < 200 && !stuck.out.destroyed; n++) {
      for (let i = 0; i < 250; i++) change(`${'long-name-'.repeat(10)}${n}-${i}`);
      await clock.advance(500);
    }
    expect(stuck.out.destroyed).toBe(true);
  });

  it('are told of a gap, and nobody goes on from before it', async () => {
    const one = reader();
    one.read();
    change('a');
    await clock.advance(500);
    const { id } = one.events().at(-1)!;
    groups.resync('gap');
    await clock.advance(0);
    expect(one.words()).toEqual(['opened', 'batch', 'gap']);
    const again = reader(undefined, id);
    again.read();
    await clock.advance(0);
    expect(again.words()).toEqual(['opened']);
  });

  it('are told when what is known is out of date, and when it is not any more', async () => {
    const one = reader();
    one.read();
    groups.freshness(false);
    await clock.advance(500);
    groups.freshness(true);
    await clock.advance(500);
    expect(
      one
        .events()
        .slice(1)
        .map(({ data }) => data.fresh),
    ).toEqual([false, true]);
  });

  it('leave nothing behind but for half a minute', async () => {
    const one = reader();
    const other = reader('a');
    other.out.destroy();
    await clock.advance(29_000);
    expect([groups.size, idle]).toEqual([2, 0]);
    await clock.advance(2_000);
    expect(groups.size).toBe(1);
    one.out.destroy();
    await clock.advance(31_000);
    expect([groups.size, idle, clock.pendingTimers]).toEqual([0, 1, 0]);
  });

  it('hear that the stream ends when the master stops', async () => {
    const one = reader();
    one.read();
    groups.close();
    await clock.advance(0);
    expect(one.out.writableEnded).toBe(true);
    await clock.advance(31_000);
    expect(clock.pendingTimers).toBe(0);
  });
});
