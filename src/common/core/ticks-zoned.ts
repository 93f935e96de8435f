// From local times to instants: when a cron expression fires in a zone, with its daylight saving policy.
// Walks the zone's stretches of constant offset; all the rules of docs/schedules.md about gaps and repeats
// are here and in ticks-count.ts, nowhere else. Pure: the answer depends on the argument alone, so a process
// that restarts in the repeated hour fires nothing twice.
import { instant, type Instant } from '../model/time.ts';
import type { CronSpec } from './cron.ts';
import { FIRST_INSTANT, LAST_INSTANT, lastLocal, nextLocal } from './ticks.ts';
import { countTicks } from './ticks-count.ts';
import { stretchAt, stretchEnd, type DstPolicy, type Zone } from './zones.ts';

const DAY = 86_400_000;

/** A class, not a closure: a worker holds one for each distinct schedule, a hundred thousand at worst. */
export class ZonedCron {
  readonly spec: CronSpec;
  readonly zone: Zone;
  readonly dst: DstPolicy;
  readonly isManual = false;

  constructor(spec: CronSpec, zone: Zone, dst: DstPolicy) {
    this.spec = spec;
    this.zone = zone;
    this.dst = dst;
  }

  nextAfter(at: Instant): Instant | undefined {
    const { spec, zone } = this;
    const isShifted = !spec.isOpen && this.dst.gap === 'shift';
    const isFirstOnly = !spec.isOpen && this.dst.repeat === 'first';
    let from: number = at < FIRST_INSTANT ? FIRST_INSTANT : at + 1;
    if (from > LAST_INSTANT) return undefined;
    let block = zone.blockAt(from);
    let i = stretchAt(block, from);
    let local = from + block.offsets[i]!;
    for (;;) {
      if (isFirstOnly && local < block.floors[i]!) local = block.floors[i]!;
      const match = nextLocal(spec, local);
      const offset = block.offsets[i]!;
      const end = stretchEnd(block, i);
      const tick = match - offset;
      if (tick < end) return tick > LAST_INSTANT ? undefined : instant(tick);
      if (tick - DAY > LAST_INSTANT) return undefined;
      // No match for long after this stretch: leap over the stretches between. Not when `local` is close to
      // the end: a clock set back there would show local times again that were not looked at.
      if (tick - end > 3 * DAY && end + offset - local > 2 * DAY) {
        from = tick - 2 * DAY;
        block = zone.blockAt(from);
        i = stretchAt(block, from);
        local = from + block.offsets[i]!;
        continue;
      }
      if (i + 1 < block.starts.length) i++;
      else {
        block = zone.blockAt(block.to);
        i = 0;
      }
      local = end + block.offsets[i]!;
      if (isShifted && match >= block.gaps[i]! && match < local)
        return end > LAST_INSTANT ? undefined : instant(end);
    }
  }

  atOrBefore(at: Instant): Instant | undefined {
    const { spec, zone } = this;
    const isShifted = !spec.isOpen && this.dst.gap === 'shift';
    const isFirstOnly = !spec.isOpen && this.dst.repeat === 'first';
    if (at < FIRST_INSTANT) return undefined;
    let from: number = Math.min(at, LAST_INSTANT);
    let block = zone.blockAt(from);
    let i = stretchAt(block, from);
    let local = from + block.offsets[i]!;
    for (;;) {
      const match = lastLocal(spec, local);
      const start = block.starts[i]!;
      const offset = block.offsets[i]!;
      const lowest = isFirstOnly ? block.floors[i]! : start + offset;
      if (match >= lowest) return match - offset < FIRST_INSTANT ? undefined : instant(match - offset);
      if (start <= FIRST_INSTANT) return undefined;
      if (isShifted && match >= block.gaps[i]! && match < start + offset) return instant(start);
      if (start - (match - offset) > 3 * DAY && local - (start + offset) > 2 * DAY) {
        from = match - offset + 2 * DAY;
        if (from < FIRST_INSTANT) return undefined;
        block = zone.blockAt(from);
        i = stretchAt(block, from);
        local = from + block.offsets[i]!;
        continue;
      }
      if (i > 0) i--;
      else {
        block = zone.blockAt(start - 1);
        i = block.starts.length - 1;
      }
      local = start - 1 + block.offsets[i]!;
    }
  }

  countBetween(after: Instant, until: Instant): number {
    return countTicks([this.spec], this.zone, this.dst, after, until);
  }
}
