import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fnv1a } from '../../../src/common/core/hash.ts';
import { candidatesOf, firstOf, type RankedWorker } from '../../../src/common/core/ranking.ts';

const JOBS = Array.from({ length: 6_000 }, (_, i) => `job-${i}`);
const HASHES = JOBS.map(fnv1a);

const worker = (name: string, slots = 64, id = `${name}-000001`): RankedWorker => ({ id, name, slots });

/** Id of the first worker for each job. */
const ranked = (workers: readonly RankedWorker[]): (string | undefined)[] => {
  const candidates = candidatesOf(workers);
  return HASHES.map((hash) => firstOf(hash, candidates)?.id);
};

const shareOf = (id: string, owners: readonly (string | undefined)[]): number =>
  owners.filter((owner) => owner === id).length / owners.length;

const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9.-]{0,12}$/), { minLength: 1, maxLength: 8 });

describe('the ranking', () => {
  test('has no first without workers', () => {
    expect(firstOf(fnv1a('job'), candidatesOf([]))).toBeUndefined();
  });

  test('is the same on every worker, in whatever order they learned of each other', () => {
    fc.assert(
      fc.property(names, fc.nat(), (all, turn) => {
        const workers = all.map((name) => worker(name));
        const cut = turn % workers.length;
        const turned = [...workers.slice(cut), ...workers.slice(0, cut)];
        expect(candidatesOf(turned)).toEqual(candidatesOf(workers));
        const hash = fnv1a(`job-${turn}`);
        expect(firstOf(hash, candidatesOf(turned))?.id).toBe(firstOf(hash, candidatesOf(workers))?.id);
      }),
    );
  });

  test('gives each job to one of the workers', () => {
    const workers = ['a', 'b', 'c'].map((name) => worker(name));
    const ids = new Set(workers.map(({ id }) => id));
    expect(ranked(workers).every((owner) => owner !== undefined && ids.has(owner))).toBe(true);
  });

  test('shares jobs equally among equal workers', () => {
    const workers = ['w1', 'w2', 'w3', 'w4'].map((name) => worker(name));
    const owners = ranked(workers);
    for (const { id } of workers) expect(shareOf(id, owners)).toBeCloseTo(0.25, 1);
  });

  test('shares jobs in proportion to slots', () => {
    const owners = ranked([worker('small', 16), worker('large', 48), worker('huge', 96)]);
    expect(shareOf('small-000001', owners)).toBeCloseTo(0.1, 1);
    expect(shareOf('large-000001', owners)).toBeCloseTo(0.3, 1);
    expect(shareOf('huge-000001', owners)).toBeCloseTo(0.6, 1);
  });

  test('moves only the jobs of a worker that goes', () => {
    const workers = ['w1', 'w2', 'w3', 'w4', 'w5'].map((name) => worker(name));
    const before = ranked(workers);
    const after = ranked(workers.filter(({ name }) => name !== 'w3'));
    const kept = before.map((owner) => (owner === 'w3-000001' ? 'another' : owner));
    const told = after.map((owner, i) =>
      before[i] === 'w3-000001' && owner !== before[i] ? 'another' : owner,
    );
    expect(told).toEqual(kept);
  });

  test('moves jobs only to the worker that comes, and only its share of them', () => {
    const workers = ['w1', 'w2', 'w3'].map((name) => worker(name));
    const before = ranked(workers);
    const after = ranked([...workers, worker('w4')]);
    const moved = after.filter((owner, i) => owner !== before[i]);
    expect(new Set(moved)).toEqual(new Set(['w4-000001']));
    expect(moved.length / JOBS.length).toBeCloseTo(0.25, 1);
  });

  test('gives a worker that restarts under a new id its jobs back', () => {
    const others = [worker('w1'), worker('w2')];
    const before = ranked([...others, worker('w3', 64, 'w3-aaaaaa')]);
    const after = ranked([...others, worker('w3', 64, 'w3-bbbbbb')]);
    expect(after.map((owner) => owner?.replace('w3-bbbbbb', 'w3-aaaaaa'))).toEqual(before);
  });

  test('takes two workers of one name for two, each with its share', () => {
    const twins = [worker('w', 64, 'w-aaaaaa'), worker('w', 64, 'w-bbbbbb')];
    const owners = ranked(twins);
    expect(shareOf('w-aaaaaa', owners)).toBeCloseTo(0.5, 1);
    expect(shareOf('w-bbbbbb', owners)).toBeCloseTo(0.5, 1);
  });

  test('spreads jobs whose names differ in one digit', () => {
    const candidates = candidatesOf([worker('w1'), worker('w2')]);
    const owners = Array.from({ length: 10 }, (_, i) => firstOf(fnv1a(`backup-${i}`), candidates)?.id);
    expect(new Set(owners).size).toBe(2);
  });
});
