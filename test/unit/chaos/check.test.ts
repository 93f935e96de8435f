// A checker that can't fail proves nothing: each verdict is reached here by a history in which one thing is wrong,
// and not by the same history without it.
import { describe, expect, it } from 'vitest';
import { check } from '../../chaos/check/check.ts';
import { growthOf, percentiles } from '../../chaos/check/figures.ts';
import { erasOf, ticksOf } from '../../chaos/check/eras.ts';
import type { History } from '../../chaos/events.ts';
import { SECOND, START, tellStory } from './story.ts';

const found = (history: History): string[] => check(history).violations.map(({ what }) => what);

/** A job of every second that ran its first three ticks. */
function story(input: Parameters<ReturnType<typeof tellStory>['job']>[2] = {}) {
  const told = tellStory();
  told.job('a', 0, input);
  for (const second of [1, 2, 3]) told.run('a', second);
  return told;
}

describe('a history in which everything went well', () => {
  it('has no violation, and each tick counted', () => {
    const { violations, ticks, starts, records } = check(story().told(3));
    expect(violations).toEqual([]);
    expect(ticks).toMatchObject({ due: 3, ran: 3, unexplained: 0 });
    expect({ starts, records }).toEqual({ starts: 3, records: 3 });
  });

  it('may skip, miss and lose ticks, as long as it is on record', () => {
    const told = story();
    told.passed('a', 'skipped', 4, 5);
    told.passed('a', 'missed', 6, 6);
    told.run('a', 7, { more: { state: 'lost' }, without: ['end'] });
    const { violations, ticks } = check(told.told(7));
    expect(violations).toEqual([]);
    expect(ticks).toMatchObject({ due: 7, ran: 3, skipped: 2, missed: 1, lost: 1 });
  });

  it('may run a lost tick again when the job allows retries', () => {
    const told = story({ retry: { limit: 1 } });
    told.run('a', 4, { more: { state: 'lost' }, without: ['end'] });
    const cause = { kind: 'retry' as const, tick: told.at(4), retryOf: 'x' };
    told.run('a', 9, {
      worker: 'w2-bbbbbb',
      without: ['cursor'],
      more: { cause, attempt: 2 },
    });
    expect(found(told.told(4))).toEqual([]);
  });

  it('may drop a tick that was open when the definition was changed', () => {
    const told = story();
    told.job('a', 4.5, { schedule: '*/5 * * * * *' });
    told.run('a', 5);
    const { violations, ticks } = check(told.told(9));
    expect(violations).toEqual([]);
    expect(ticks).toMatchObject({ due: 5, ran: 4, dropped: 1 });
  });

  it('may leave no record of a run whose job was deleted meanwhile', () => {
    const told = story();
    told.run('a', 4, { without: ['record', 'end'] });
    told.remove('a', 4.5);
    const { violations, ticks } = check(told.told(9));
    expect(violations).toEqual([]);
    expect(ticks).toMatchObject({ due: 4, ran: 3, deleted: 1 });
  });
});

describe('ticks', () => {
  it('without a record are found', () => {
    const told = story();
    told.run('a', 5);
    expect(found(told.told(5))).toEqual(['tick without a record']);
    expect(check(told.told(5)).ticks.unexplained).toBe(1);
  });

  it('that nobody settled by the end are found', () => {
    expect(found(story().told(4))).toEqual(['tick without a record']);
  });

  it('settled before a change, without a record, are found', () => {
    const told = story();
    told.run('a', 4, { without: ['record', 'start', 'end', 'claim'] });
    told.job('a', 4.5, { schedule: '*/5 * * * * *' });
    expect(found(told.told(4))).toEqual(['tick without a record']);
  });

  it('with two records are found', () => {
    const told = story();
    told.passed('a', 'missed', 3, 3);
    expect(found(told.told(3))).toEqual(['tick with two records']);
  });

  it('of an instant that the schedule does not name are found', () => {
    const told = story();
    told.run('a', 3.5);
    expect(found(told.told(3))).toEqual(['tick that was not due']);
  });

  it('from before a definition are found', () => {
    const told = tellStory();
    told.job('a', 0, {}, START + SECOND);
    told.run('a', 1);
    told.run('a', 2);
    expect(found(told.told(2))).toEqual(['tick that was not due']);
  });

  it('of a paused job are found', () => {
    const told = story();
    told.job('a', 3.2, { paused: true });
    told.run('a', 4);
    expect(found(told.told(4))).toEqual(['tick that was not due']);
  });
});

describe('ticks that are to be caught up', () => {
  const missed = (policy: 'all' | 'latest', endedAt: number): string[] => {
    const told = story({ catchUp: { policy, window: '10s' } });
    told.passed('a', 'missed', 4, 4, { endedAt: told.at(endedAt) });
    return found(told.told(4));
  };

  it('and are let go within their window are found', () => {
    expect(missed('all', 13)).toEqual(['tick that was to be caught up']);
  });

  it('may be let go beyond it, and by another policy', () => {
    expect(missed('all', 14)).toEqual([]);
    expect(missed('latest', 13)).toEqual([]);
  });
});

describe('starts', () => {
  it('of a tick by two runs are found', () => {
    const told = story();
    told.run('a', 4, { without: ['record'], id: 'one' });
    told.run('a', 4, { worker: 'w2-bbbbbb', lag: 100 });
    expect(found(told.told(4))).toContain('tick started twice');
  });

  it('of one attempt, twice, are found', () => {
    const told = story();
    told.mark({ mark: 'start', runId: told.run('a', 4), at: told.at(4) + 9, worker: 'w1-aaaaaa', job: 'a' });
    expect(found(told.told(4))).toContain('attempt started twice');
  });

  it('beyond the limit of retries are found', () => {
    const told = story();
    const runId = told.run('a', 4, { takes: 500 });
    told.mark({ mark: 'start', runId, at: told.at(4) + 90, worker: 'w1-aaaaaa', job: 'a', attempt: 2 });
    expect(found(told.told(4))).toEqual(['tick started twice']);
  });

  it('again after a success are found, retries or not', () => {
    const told = story({ retry: { limit: 3 } });
    told.run('a', 4);
    const cause = { kind: 'retry' as const, tick: told.at(4), retryOf: 'x' };
    told.run('a', 9, { without: ['cursor'], more: { cause }, id: 'again' });
    expect(found(told.told(4))).toEqual(['tick started twice']);
  });

  it('without a claim are found', () => {
    const told = story();
    told.mark({
      mark: 'start',
      runId: 'stray',
      at: told.at(3.5),
      worker: 'w1-aaaaaa',
      job: 'a',
      fencingToken: 999,
    });
    expect(found(told.told(3))).toEqual(['run without a claim']);
  });

  it('without a record are found', () => {
    const told = story();
    told.run('a', 4, { without: ['record'] });
    expect(found(told.told(4))).toEqual(['tick without a record', 'run without a record']);
  });

  it('recorded as if nothing had run are found', () => {
    const told = story();
    told.run('a', 4, { more: { state: 'missed' } });
    expect(found(told.told(4))).toEqual(['run recorded as none']);
  });

  it('before their tick are found', () => {
    const told = story();
    told.run('a', 5, { lag: -1_500 });
    told.run('a', 4);
    expect(found(told.told(5))).toContain('early start');
  });
});

describe('records', () => {
  it('of a success that no task tells of are found', () => {
    const told = story();
    told.run('a', 4, { without: ['start', 'end'] });
    expect(found(told.told(4))).toEqual(['record without a run']);
  });

  it('of a success that never came to its end are found', () => {
    const told = story();
    told.run('a', 4, { without: ['end'] });
    expect(found(told.told(4))).toEqual(['record without its end']);
  });
});

describe('two runs at the same time', () => {
  const overlapping = (input: Parameters<typeof story>[0], more = {}): History => {
    const told = story(input);
    told.run('a', 4, { takes: 1_500, more });
    told.run('a', 5, { worker: 'w2-bbbbbb' });
    return told.told(5);
  };

  it.each(['forbid', 'queue', 'replace'] as const)('are found under %s', (overlap) => {
    expect(found(overlapping({ overlap }))).toEqual(['overlap']);
  });

  it('are as it should be under allow', () => {
    expect(found(overlapping({ overlap: 'allow' }))).toEqual([]);
  });

  it('are allowed to a run that outlived its claim, when its record says so, and only then', () => {
    expect(found(overlapping({ onLostLease: 'continue' }, { mayHaveOverlapped: true }))).toEqual([]);
    expect(found(overlapping({ onLostLease: 'continue' }))).toEqual(['overlap']);
  });

  it('are one for each worker under mode all, and no more', () => {
    const told = tellStory();
    told.job('a', 0, { workers: { mode: 'all' } });
    told.run('a', 1, { takes: 500 });
    told.run('a', 1, { worker: 'w2-bbbbbb', takes: 500 });
    expect(found(told.told(1))).toEqual([]);
    // The same worker, in its next session.
    told.run('a', 2, { worker: 'w1-cccccc', takes: 1_500 });
    told.run('a', 3, { worker: 'w1-dddddd' });
    expect(found(told.told(3))).toEqual(['overlap']);
  });
});

describe('tokens', () => {
  it('that do not grow are found', () => {
    const told = story();
    told.run('a', 4);
    const history = told.told(4);
    const marks = history.marks.map((line) =>
      line.scheduledFor === told.at(4) ? { ...line, fencingToken: 1 } : line,
    );
    expect(found({ ...history, marks })).toEqual(['token that does not grow']);
  });
});

describe('a task that goes on after the lease of its worker', () => {
  const after = (input: Parameters<typeof story>[0]): string[] => {
    const told = story(input);
    told.run('a', 4, { takes: 900, more: { state: 'lost', mayHaveOverlapped: true } });
    told.sessionEnds('w1-aaaaaa', 4.5);
    return found(told.told(4));
  };

  it('is found', () => {
    expect(after({})).toEqual(['task that outlived its claim']);
  });

  it('is as asked for with onLostLease: continue', () => {
    expect(after({ onLostLease: 'continue' })).toEqual([]);
  });
});

describe('a lease that etcd revokes while it is alive', () => {
  const revoked = (isOld: boolean, kind: 'etcd-freeze' | 'etcd-kill', takes: number): string[] => {
    const told = story();
    told.run('a', 4, { takes, more: { state: 'lost' } });
    told.run('a', 5, { worker: 'w2-bbbbbb' });
    told.sessionEnds('w1-aaaaaa', 4.5);
    told.fault({ kind, what: 'm0 (leader)', victims: [], beganAt: told.at(1), healedAt: told.at(4.4) });
    return found({ ...told.told(5), hasStuckLeaders: isOld });
  };

  it('leaves a task on until its worker is told, with an etcd that does that, and no longer', () => {
    expect(revoked(true, 'etcd-freeze', 1_500)).toEqual([]);
    expect(revoked(true, 'etcd-freeze', 4_000)).toEqual(['overlap', 'task that outlived its claim']);
  });

  it('is no excuse with one that does not, or when no leader was frozen', () => {
    expect(revoked(false, 'etcd-freeze', 1_500)).toEqual(['overlap', 'task that outlived its claim']);
    expect(revoked(true, 'etcd-kill', 1_500)).toEqual(['overlap', 'task that outlived its claim']);
  });
});

describe('once a change is answered', () => {
  const changed = (started: readonly string[], kind: 'change' | 'delete'): string[] => {
    const told = story();
    const created = told.created('a');
    const run = () => told.run('a', 5, { id: 'late' });
    if (kind === 'change') {
      run();
      told.run('a', 4);
      told.job('a', 4.1, { description: 'new' }, START);
    } else {
      told.run('a', 4);
      run();
      told.remove('a', 4.1);
    }
    told.answered({
      action: { at: 0, master: 0, kind, job: 0 },
      job: 'a',
      created,
      answeredAt: told.at(4.3),
      generation: kind === 'delete' ? Infinity : 2,
      started,
    });
    return found(told.told(4)).filter((what) => what.startsWith('stale'));
  };

  it('a run of the definition before is found', () => {
    expect(changed([], 'change')).toEqual(['stale run after change']);
  });

  it('a run of a deleted job is found', () => {
    expect(changed([], 'delete')).toEqual(['stale run after delete']);
  });

  it('a run that the answer names is none', () => {
    expect(changed(['late'], 'change')).toEqual([]);
    expect(changed(['late'], 'delete')).toEqual([]);
  });
});

describe('figures', () => {
  it('tell the lag in quiet from that under faults', () => {
    const told = tellStory();
    told.job('a', 0);
    for (let second = 1; second <= 30; second++) told.run('a', second, { lag: second === 12 ? 700 : 5 });
    told.fault({ kind: 'reset', what: '', victims: [], beganAt: told.at(11.5), healedAt: told.at(12.5) });
    const { lag } = check(told.told(30, ['a']));
    expect(lag.quiet.max).toBe(5);
    expect(lag.faults.max).toBe(700);
    expect(lag.quiet.count + lag.faults.count).toBe(30);
  });

  it('tell when ticks are on time again, and when others have taken over', () => {
    const told = tellStory();
    told.job('a', 0);
    told.run('a', 1);
    told.run('a', 2, { worker: 'w2-bbbbbb', lag: 6_000 });
    told.run('a', 12, { worker: 'w2-bbbbbb' });
    told.fault({
      kind: 'worker-kill',
      what: 'w1',
      victims: ['w1'],
      beganAt: told.at(1.5),
      healedAt: told.at(5),
    });
    const [recovery] = check(told.told(12, ['a'])).recovery;
    expect(recovery).toMatchObject({ kind: 'worker-kill', times: 1, notMeasured: 0 });
    expect(recovery!.onTime.max).toBe(7_005);
    expect(recovery!.elsewhere!.max).toBe(6_500);
  });

  it('leave out a recovery that the next fault came into', () => {
    const told = tellStory();
    told.job('a', 0);
    told.run('a', 1);
    told.run('a', 12);
    told.fault({ kind: 'reset', what: '', victims: [], beganAt: told.at(2), healedAt: told.at(3) });
    told.fault({ kind: 'clock', what: '', victims: [], beganAt: told.at(6), healedAt: told.at(7) });
    const { recovery } = check(told.told(12, ['a']));
    expect(recovery.map(({ kind, notMeasured }) => [kind, notMeasured])).toEqual([
      ['reset', 1],
      ['clock', 0],
    ]);
  });

  it('tell a process that grows from one that does not', () => {
    const samples = Array.from({ length: 11 }, (_, minute) => [
      { at: START + minute * 60_000, name: 'grows', pid: 1, rssMiB: 100 + minute * 4 },
      { at: START + minute * 60_000, name: 'flat', pid: 2, rssMiB: 100 },
    ]).flat();
    const growth = growthOf(samples, 5);
    expect(growth.map(({ name, mibPerMinute }) => [name, Math.round(mibPerMinute! * 10) / 10])).toEqual([
      ['grows', 4],
      ['flat', 0],
    ]);
    expect(growthOf(samples, 11)).toEqual([]);
  });

  it('take percentiles by the nearest rank', () => {
    expect(percentiles([5, 1, 2, 4, 3])).toEqual({ count: 5, p50: 3, p95: 5, p99: 5, max: 5 });
    expect(percentiles([])).toMatchObject({ count: 0, max: 0 });
  });
});

describe('eras', () => {
  it('end with a change of since, a pause or a deletion, and with nothing else', () => {
    const told = tellStory();
    told.job('a', 0);
    told.job('a', 3, { description: 'other words' }, START);
    told.job('a', 5, { paused: true }, START);
    told.job('a', 8);
    told.remove('a', 10);
    told.job('a', 12, { schedule: '*/2 * * * * *' });
    const eras = erasOf(told.told(20).jobs, told.at(20));
    expect(
      eras.map(({ since, until, generations, isDeleted }) => [
        (since - START) / SECOND,
        (until - START) / SECOND,
        [...generations],
        isDeleted,
      ]),
    ).toEqual([
      [0, 5, [1, 2], false],
      [8, 10, [4], true],
      [12, 20, [1], false],
    ]);
    expect(ticksOf(eras[2]!).map((tick) => (tick - START) / SECOND)).toEqual([14, 16, 18, 20]);
  });

  it('are of schedules that the checker understands', () => {
    const told = tellStory();
    told.job('a', 0, { schedule: '0 3 * * *' });
    expect(() => erasOf(told.told(1).jobs, told.at(1))).toThrow('not a schedule of this test');
  });
});
