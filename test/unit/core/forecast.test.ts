// How many jobs tick in each second to come: exactly what the schedules say, however the work is shared out.
import { describe, expect, it } from 'vitest';
import { createForecaster, type TickForecast } from '../../../src/common/core/forecast.ts';
import {
  createScheduleCompiler,
  type Schedule,
  type ScheduleInput,
} from '../../../src/common/core/schedule.ts';
import { instant } from '../../../src/common/model/time.ts';

const compiler = createScheduleCompiler();
const HOUR = 3_600;
const FROM = instant(Date.UTC(2027, 2, 27, 12));

function scheduleOf(name: string, schedule: string | string[], rest: Partial<ScheduleInput> = {}): Schedule {
  const compiled = compiler.compile({
    name,
    schedule,
    timezone: 'UTC',
    dst: { gap: 'shift', repeat: 'first' },
    anchor: instant(FROM - 12_345_678),
    ...rest,
  });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  return compiled.value;
}

function forecast(
  schedules: readonly Schedule[],
  seconds = 24 * HOUR,
  limits?: { steps: number; bySlot: number },
): TickForecast & { pauses: number } {
  const forecaster = createForecaster({ from: FROM, seconds, slotSeconds: 300 }, limits);
  for (const schedule of schedules) forecaster.add(schedule);
  const counting = forecaster.count();
  for (let pauses = 0; ; pauses++) {
    const step = counting.next();
    if (step.done) return { ...step.value, pauses };
  }
}

/** Tick by tick. */
function walked(schedules: readonly Schedule[], seconds = 24 * HOUR): Float64Array {
  const perSecond = new Float64Array(seconds);
  for (const schedule of schedules) {
    let tick = schedule.nextAfter(instant(FROM - 1));
    while (tick !== undefined && tick < FROM + seconds * 1_000) {
      perSecond[Math.floor((tick - FROM) / 1_000)]!++;
      tick = schedule.nextAfter(tick);
    }
  }
  return perSecond;
}

const sum = (values: Float64Array): number => values.reduce((all, value) => all + value, 0);

describe('the forecast', () => {
  it('counts every second as the schedules have it, over a change of the clocks, with jitter and bounds', () => {
    const schedules = [
      scheduleOf('a', '0 3 * * *', { timezone: 'Europe/Berlin' }),
      scheduleOf('b', '30 2 * * *', { timezone: 'Europe/Berlin' }),
      scheduleOf('c', '*/5 * * * *', { jitter: '30s' }),
      scheduleOf('d', '*/5 * * * *', { jitter: '30s' }),
      scheduleOf('e', '*/5 * * * *'),
      scheduleOf('f', '*/5 * * * *'),
      scheduleOf('g', 'H H * * *'),
      scheduleOf('h', '@every 90s'),
      scheduleOf('i', '@every 90s', { anchor: instant(FROM - 999) }),
      scheduleOf('j', '@every 90s', { anchor: instant(FROM - 89_001), jitter: '1h' }),
      scheduleOf('k', '@every 2500ms'),
      scheduleOf('k2', '@every 2500ms', { anchor: instant(FROM - 900) }),
      scheduleOf('k3', ['@every 90s', '@daily'], { anchor: instant(FROM - 500), jitter: '900ms' }),
      scheduleOf('k4', ['@every 90s', '@daily'], { anchor: instant(FROM - 200), jitter: '900ms' }),
      scheduleOf('l', ['0 * * * *', '30 * * * *', '@every 1h']),
      scheduleOf('m', ['30 * * * *', '0 * * * *', '@every 1h']),
      scheduleOf('n', '@at 2027-03-27T18:00:00.500Z'),
      scheduleOf('o', '* * * * *', { startAt: '2027-03-27T20:00:00Z', endAt: '2027-03-27T21:00:00Z' }),
      scheduleOf('p', '* * * * *', { startAt: '2020-01-01T00:00:00Z', jitter: '10s' }),
      scheduleOf('q', '@manual'),
    ];
    const told = forecast(schedules);
    expect(told.perSecond).toEqual(walked(schedules));
    expect([told.jobs, told.isApproximate]).toEqual([19, false]);
  });

  it('walks the ticks of jobs that tick alike once, however many they are', () => {
    const many = Array.from({ length: 20_000 }, (_, i) =>
      scheduleOf(`j${i}`, i % 2 ? '* * * * * *' : '@every 1s', { anchor: instant(FROM + i) }),
    );
    const told = forecast(many);
    expect([told.jobs, told.isApproximate]).toEqual([20_000, false]);
    expect(told.perSecond[0]! + told.perSecond[1]!).toBe(40_000);
    expect(sum(told.perSecond)).toBe(20_000 * 24 * HOUR);
    // 86,400 ticks of each of two schedules, some thousand a step.
    expect(told.pauses).toBeLessThan(1_000);
  });

  it('counts what is too dense to be walked slot by slot, and says so', () => {
    const schedules = ['UTC', 'Europe/Berlin', 'Asia/Tokyo'].map((timezone, i) =>
      scheduleOf(`j${i}`, i === 0 ? '0 0 * * *' : `* 9-1${i} * * *`, { timezone }),
    );
    const exact = walked(schedules);
    const told = forecast(schedules, 24 * HOUR, { steps: 10, bySlot: 10 });
    expect(told.isApproximate).toBe(true);
    for (let slot = 0; slot < 24 * HOUR; slot += 300) {
      const ticks = sum(told.perSecond.slice(slot, slot + 300));
      expect(ticks).toBeCloseTo(sum(exact.slice(slot, slot + 300)), 6);
    }
    const rough = forecast(schedules, 24 * HOUR, { steps: 10, bySlot: 0 });
    expect(sum(rough.perSecond)).toBeCloseTo(sum(exact), 6);
  });

  it('is empty where nothing ticks', () => {
    expect(sum(forecast([]).perSecond)).toBe(0);
    expect(sum(forecast([scheduleOf('a', '@at 2027-06-01T00:00:00Z')]).perSecond)).toBe(0);
  });
});
