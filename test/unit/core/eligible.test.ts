import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  lackOf,
  mayRun,
  missing,
  needOf,
  wishKey,
  wishText,
  type Need,
  type Offer,
  type Wish,
} from '../../../src/common/core/eligible.ts';
import { jobDefinition } from '../../../src/common/model/job.ts';

const plain: Offer = { labels: {}, can: { processes: true, handlers: [] } };
const embedded: Offer = { labels: {}, can: { processes: false, handlers: ['mail.send', 'toUpper'] } };
const older: Offer = { labels: {} };

const wish = (need: Need, labels?: Wish['labels']): Wish => ({ labels, need });

describe('what a task needs of the worker', () => {
  const needs = (task: object) => needOf(jobDefinition.parse({ name: 'a', schedule: '@daily', task }).task);
  test.each([
    ['processes', { kind: 'shell', command: 'true' }],
    ['processes', { kind: 'exec', argv: ['true'] }],
    ['http', { kind: 'http', url: 'http://127.0.0.1/' }],
    ['handler:mail.send', { kind: 'handler', name: 'mail.send' }],
  ])('is %s of %j', (need, task) => {
    expect(needs(task)).toBe(need);
  });
});

describe('a worker', () => {
  test.each<[string, boolean, Need, Offer]>([
    ['of the plain kind runs processes', true, 'processes', plain],
    ['without processes runs none', false, 'processes', embedded],
    ['that has the function runs it', true, 'handler:mail.send', embedded],
    ['that has others does not', false, 'handler:mail.sent', embedded],
    ['does not run a function by a part of its name', false, 'handler:mail', embedded],
    ['of the plain kind runs no function', false, 'handler:mail.send', plain],
    ['does not run what every object has', false, 'handler:toString', embedded],
    ['does not run the kind of another task as a function', false, 'handler:processes', plain],
    ['of any kind makes requests, a plain one', true, 'http', plain],
    ['of any kind makes requests, an embedded one', true, 'http', embedded],
    ['of a version that does not tell is taken to run processes', true, 'processes', older],
    ['of a version that does not tell is taken to have the function', true, 'handler:mail.send', older],
  ])('%s', (_, may, need, offer) => {
    expect(mayRun(wish(need), offer)).toBe(may);
  });

  test('that can run it still needs the labels, and one that has the labels must be able to', () => {
    const gpu = wish('processes', { gpu: 'yes' });
    expect(mayRun(gpu, plain)).toBe(false);
    expect(mayRun(gpu, { ...plain, labels: { gpu: 'yes' } })).toBe(true);
    expect(mayRun(gpu, { ...embedded, labels: { gpu: 'yes' } })).toBe(false);
  });
});

describe('what no worker has', () => {
  const gpu = (offer: Offer): Offer => ({ ...offer, labels: { gpu: 'yes' } });
  const wanted = { gpu: 'yes' };
  test.each<[string, Wish, Offer[], string]>([
    ['the function', wish('handler:x'), [plain, embedded], ' that has the handler "x"'],
    ['processes', wish('processes'), [embedded], ' that runs processes'],
    ['the labels alone', wish('processes', wanted), [plain], ' with the labels gpu=yes'],
    ['the function alone', wish('handler:x', wanted), [gpu(plain), embedded], ' that has the handler "x"'],
    [
      'labels and function',
      wish('handler:x', wanted),
      [plain, embedded],
      ' with the labels gpu=yes that has the handler "x"',
    ],
    [
      'both at once',
      wish('processes', wanted),
      [plain, gpu(embedded)],
      ' with the labels gpu=yes that runs processes',
    ],
    ['the labels of a request', wish('http', wanted), [plain], ' with the labels gpu=yes'],
    ['anything, with nobody there', wish('processes'), [], ''],
    ['the labels, with nobody there', wish('processes', wanted), [], ' with the labels gpu=yes'],
    ['a set of no labels', wish('processes', {}), [embedded], ' that runs processes'],
    ['a handler of an odd name', wish('handler:a "b"'), [plain], ' that has the handler "a \\"b\\""'],
  ])('is named: %s', (_, each, workers, words) => {
    expect(missing(each, workers)).toBe(words);
  });

  test('of a wish that one meets is told what sets it apart', () => {
    expect(missing(wish('processes'), [plain])).toBe('');
    expect(missing(wish('processes'), [plain, embedded])).toBe(' that runs processes');
    expect(missing(wish('processes', wanted), [gpu(plain), plain])).toBe(' with the labels gpu=yes');
  });

  test('is always something, and nobody has what is named', () => {
    const labels = fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2'));
    const need = fc.constantFrom<Need>('processes', 'http', 'handler:x', 'handler:y');
    const offer = fc.record({
      labels,
      can: fc.option(fc.record({ processes: fc.boolean(), handlers: fc.subarray(['x', 'y']) }), {
        nil: undefined,
      }),
    });
    fc.assert(
      fc.property(fc.record({ labels, need }), fc.array(offer, { minLength: 1 }), (each, workers) => {
        fc.pre(!workers.some((worker) => mayRun(each, worker)));
        const words = missing(each, workers);
        const named = [each, wish('http', each.labels), wish(each.need)].find(
          (part) => wishText(part) === words,
        );
        expect(named).toBeDefined();
        expect(workers.some((worker) => mayRun(named!, worker))).toBe(false);
      }),
    );
  });
});

test.each([
  ['the labels', plain, 'does not have the labels gpu=yes and does not have the handler "x"'],
  ['the function alone', { ...embedded, labels: { gpu: 'yes' } }, 'does not have the handler "x"'],
  ['nothing', { ...older, labels: { gpu: 'yes' } }, ''],
])('what one worker lacks is named: %s', (_, offer, words) => {
  expect(lackOf(wish('handler:x', { gpu: 'yes' }), offer)).toBe(words);
});

test('a worker that lacks processes does not run them', () => {
  expect(lackOf(wish('processes'), embedded)).toBe('does not run processes');
});

test('equal wishes have one key, and others another', () => {
  const all = [
    wish('http'),
    wish('processes'),
    wish('handler:processes'),
    wish('handler:a'),
    wish('handler:{"a":"b"}'),
    wish('http', { a: 'b' }),
    wish('http', { a: 'bhttp' }),
    wish('handler:a', { a: 'b' }),
    wish('handler:a', {}),
    wish('handler:a', { a: ['b', 'c'] }),
  ];
  expect(new Set(all.map(wishKey)).size).toBe(all.length);
  expect(all.map((each) => wishKey(structuredClone(each)))).toEqual(all.map(wishKey));
});

test('a wish in words follows "a worker"', () => {
  expect(wishText(wish('http'))).toBe('');
  expect(wishText(wish('handler:mail.send', { region: ['eu', 'us'] }))).toBe(
    ' with the labels region=eu or us that has the handler "mail.send"',
  );
});
