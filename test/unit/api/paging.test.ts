// Cursors, problems and paths: small things that callers hold on to.
import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contract, pathOf } from '../../../src/common/api/contract.ts';
import { decodeCursor, encodeCursor } from '../../../src/common/api/paging.ts';
import {
  invalidInput,
  problem,
  ProblemError,
  problemCatalogue,
  type ProblemCode,
} from '../../../src/common/api/problems.ts';

describe('a cursor', () => {
  it('gives back what it was made of, whatever that is, in letters that a URL holds', () => {
    assert(
      property(string({ minLength: 1, unit: 'grapheme' }), (last) => {
        const cursor = encodeCursor('jobs', last);
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(decodeCursor('jobs', cursor)).toBe(last);
      }),
    );
  });

  it('is refused, naming it, when it is of another list or of none', () => {
    for (const bad of ['', 'x', '===', encodeCursor('runs', 'a'), encodeCursor('jobs', ''), 'gICA']) {
      expect(() => decodeCursor('jobs', bad)).toThrowError(
        expect.objectContaining({ errors: [expect.objectContaining({ path: 'cursor' })] }),
      );
    }
    expect(decodeCursor('jobs', undefined)).toBeUndefined();
  });
});

describe('a problem', () => {
  it('is what the contract says, for each code', () => {
    for (const code of Object.keys(problemCatalogue) as ProblemCode[]) {
      const told = new ProblemError(code, 'why').toProblem();
      expect(problem.parse(told)).toMatchObject({
        code,
        detail: 'why',
        type: expect.stringMatching(/^urn:etcron:problem:[a-z-]+$/),
      });
    }
  });

  it('says each field and what is wrong with it', () => {
    const errors = [
      { path: 'a.b', message: 'is missing' },
      { path: '', message: 'is odd' },
    ];
    expect(invalidInput(errors).toProblem()).toMatchObject({ detail: 'a.b: is missing; is odd', errors });
  });
});

describe('the contract', () => {
  it('fills in paths, whatever the value', () => {
    expect(pathOf('getRun', { job: 'a/b', run: 'x' })).toBe('/api/v1/jobs/a%2Fb/runs/x');
  });

  it('has no two operations of one method and path', () => {
    const routes = Object.values(contract).map(({ method, path }) => `${method} ${path}`);
    expect(new Set(routes).size).toBe(routes.length);
  });
});
