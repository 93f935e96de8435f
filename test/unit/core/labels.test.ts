import { describe, expect, test } from 'vitest';
import { labelsMatch, labelsText } from '../../../src/common/core/labels.ts';

describe('a worker may run a job', () => {
  test.each([
    ['that wants nothing', undefined, {}],
    ['that wants an empty set of labels', {}, { region: 'eu' }],
    ['whose one label it has', { region: 'eu' }, { region: 'eu', gpu: 'yes' }],
    ['whose every label it has', { region: 'eu', gpu: 'yes' }, { region: 'eu', gpu: 'yes' }],
    ['that takes one of several values, the first', { region: ['eu', 'us'] }, { region: 'eu' }],
    ['that takes one of several values, the last', { region: ['eu', 'us'] }, { region: 'us' }],
    ['that wants an empty value it has', { region: '' }, { region: '' }],
  ])('%s', (_, wanted, offered) => {
    expect(labelsMatch(wanted, offered)).toBe(true);
  });
});

describe('a worker may not run a job', () => {
  test.each([
    ['when it has no labels at all', { region: 'eu' }, {}],
    ['when its value is another', { region: 'eu' }, { region: 'us' }],
    ['when its value only begins alike', { region: 'eu' }, { region: 'eu-west' }],
    ['when the wanted value only begins alike', { region: 'eu-west' }, { region: 'eu' }],
    ['when one of several labels is missing', { region: 'eu', gpu: 'yes' }, { region: 'eu' }],
    ['when its value is none of several', { region: ['eu', 'us'] }, { region: 'asia' }],
    ['when its value is the alternatives as one text', { region: ['eu', 'us'] }, { region: 'eu,us' }],
    [
      'when one of two sets is not met',
      { region: ['eu', 'us'], gpu: ['a', 'b'] },
      { region: 'eu', gpu: 'c' },
    ],
    ['when the label is only what every object has', { toString: 'x' }, {}],
  ])('%s', (_, wanted, offered) => {
    expect(labelsMatch(wanted, offered)).toBe(false);
  });
});

test('wishes in words are the same whatever their order', () => {
  expect(labelsText({ region: ['eu', 'us'], gpu: 'yes' })).toBe('gpu=yes, region=eu or us');
  expect(labelsText({ gpu: 'yes', region: ['eu', 'us'] })).toBe('gpu=yes, region=eu or us');
});
