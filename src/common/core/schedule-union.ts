// Several schedules as one, and what is laid over a schedule (jitter, bounds). All answer the same contract
// as the single ones. Classes, because a worker may hold a hundred thousand of them.
import { instant, type Instant, type Millis } from '../model/time.ts';
import type { Schedule } from './schedule-contract.ts';
import { countTicks } from './ticks-count.ts';
import { ZonedCron } from './ticks-zoned.ts';

/** The ticks of all members; a tick of several counts once. All cron members share the zone and the policy. */
export class UnionSchedule implements Schedule {
  readonly members: readonly Schedule[];
  readonly isManual = false;

  constructor(members: readonly Schedule[]) {
    this.members = members;
  }

  nextAfter(at: Instant): Instant | undefined {
    let next: Instant | undefined;
    for (const member of this.members) {
      const tick = member.nextAfter(at);
      if (tick !== undefined && (next === undefined || tick < next)) next = tick;
    }
    return next;
  }

  atOrBefore(at: Instant): Instant | undefined {
    let last: Instant | undefined;
    for (const member of this.members) {
      const tick = member.atOrBefore(at);
      if (tick !== undefined && (last === undefined || tick > last)) last = tick;
    }
    return last;
  }

  /**
   * Cron expressions are counted together by arithmetic. Of intervals and instants beside them, the ticks are
   * walked to leave out those counted already: all but those of the densest.
   */
  countBetween(after: Instant, until: Instant): number {
    const crons = this.members.filter((member) => member instanceof ZonedCron);
    const [first] = crons;
    const counted: { count: number; members: readonly Schedule[] }[] = this.members
      .filter((member) => !(member instanceof ZonedCron))
      .map((member) => ({ count: member.countBetween(after, until), members: [member] }));
    if (first !== undefined) {
      const specs = crons.map((cron) => cron.spec);
      counted.push({ count: countTicks(specs, first.zone, first.dst, after, until), members: crons });
    }
    counted.sort((a, b) => b.count - a.count);
    let total = counted[0]?.count ?? 0;
    const seen = [...(counted[0]?.members ?? [])];
    for (const { members } of counted.slice(1)) {
      const ticks = new UnionSchedule(members);
      for (
        let tick = ticks.nextAfter(after);
        tick !== undefined && tick <= until;
        tick = ticks.nextAfter(tick)
      ) {
        const at = tick;
        if (!seen.some((other) => other.atOrBefore(at) === at)) total++;
      }
      seen.push(...members);
    }
    return total;
  }
}

/** Every tick of `base` later by `shift`, and of those the ones in [from, to]. */
export class BoundedSchedule implements Schedule {
  readonly base: Schedule;
  readonly shift: Millis;
  readonly from: number;
  readonly to: number;

  constructor(base: Schedule, shift: Millis, from: number, to: number) {
    this.base = base;
    this.shift = shift;
    this.from = from;
    this.to = to;
  }

  get isManual(): boolean {
    return this.base.isManual;
  }

  nextAfter(at: Instant): Instant | undefined {
    const tick = this.base.nextAfter(instant(Math.max(at, this.from - 1) - this.shift));
    return tick === undefined || tick + this.shift > this.to ? undefined : instant(tick + this.shift);
  }

  atOrBefore(at: Instant): Instant | undefined {
    const tick = this.base.atOrBefore(instant(Math.min(at, this.to) - this.shift));
    return tick === undefined || tick + this.shift < this.from ? undefined : instant(tick + this.shift);
  }

  countBetween(after: Instant, until: Instant): number {
    const low = Math.max(after, this.from - 1) - this.shift;
    const high = Math.min(until, this.to) - this.shift;
    return high <= low ? 0 : this.base.countBetween(instant(low), instant(high));
  }
}
