import { expect, test } from 'vitest';
import { progressIsReliable } from '../../../src/common/store/client-watch.ts';

test.for([
  ['3.4.23', false],
  ['3.4.24', false],
  ['3.4.25', true],
  ['3.4.37', true],
  ['3.5.0', false],
  ['3.5.7', false],
  ['3.5.8', true],
  ['3.5.21', true],
  ['3.6.0', true],
  ['3.6.14', true],
  ['4.0.0', true],
  ['3.3.27', false],
  ['', false],
] as const)('progress answers of etcd %s are relied upon: %s', ([version, is]) => {
  expect(progressIsReliable(version)).toBe(is);
});
