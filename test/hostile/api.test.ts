// The API under input that nobody sends by accident: whatever comes, the answer is a documented one, and what
// is refused changes nothing.
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { codecs } from '../../src/common/store/keyspace.ts';
import {
  endClaim,
  claim,
  job,
  runOf,
  startTestMaster,
  workerOf,
  type TestMaster,
} from '../integration/master/harness.ts';
import { useEtcd } from '../support/shared-etcd.ts';
import { waitFor } from '../support/wait.ts';
import { goodDefinition, inputOf, mutated, oddText, oddValue, valueOf } from './arbitrary.ts';
import { checkAnswer, document, must, type DocumentedOperation } from './documented.ts';
import { FACTOR, fuzz } from './runs.ts';

const shared = useEtcd();
let master: TestMaster;

/** A request that takes longer is taken for one that never ends. */
const HANGS_MS = 20_000;
const TIMEOUT = 120_000 * FACTOR;

beforeEach(async () => {
  master = await startTestMaster(shared);
  const { keys } = master;
  await master.write(keys.worker('w-abc123'), codecs.worker.encode(workerOf()));
  await master.call('createJob', { body: job('a') });
  await master.call('putJob', { params: { job: 'a' }, body: { ...job('a'), description: 'another' } });
  await master.call('createJob', { body: job('b', { paused: true }) });
  await master.call('createJob', { body: job('c', { task: { kind: 'handler', name: 'h' } }) });
  await master.call('createJob', { body: job('all', { workers: { mode: 'all' } }) });
  await master.write(keys.job('not-json'), '{"definition":');
  await master.write(keys.job('broken'), '{"generation":3}');
  const ended = '20261122T143000.000Z-7f3a9c';
  await master.write(keys.run('a', ended), codecs.run.encode(runOf('a', ended)));
  await master.write(keys.output('a', ended), 'the end');
  const running = '20261122T143000.000Z-000000';
  await claim(master, 'c', running, Date.now(), 'running');
  await waitFor(() => master.views.runs.size === 1, { what: 'the master knows the run' });
  shared.cleanup(() => endClaim(master, 'c', running));
});

/** Each key with when it was written. */
const standing = async (): Promise<Map<string, number>> => {
  const { kvs } = await master.etcd.range({ key: '\0', rangeEnd: '\0', keysOnly: true });
  return new Map(kvs.map(({ key, modRevision }) => [key, modRevision]));
};

/** But for an earlier request to kill, which goes by itself after its time. */
const isUnchanged = (before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): boolean =>
  [...now].every(([key, written]) => before.get(key) === written) &&
  [...before.keys()].every((key) => now.has(key) || key.includes('/kill/'));

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly payload?: Buffer;
}

/** Sends it, and checks what holds of every answer. */
async function ask(operation: DocumentedOperation, sent: Sent): Promise<{ status: number; body: unknown }> {
  const before = await standing();
  const asked = master.app.inject({ ...sent, method: sent.method as 'GET' });
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${sent.method} ${sent.url} is not answered`)), HANGS_MS);
  });
  const answer = await Promise.race([asked, hang]).finally(() => clearTimeout(timer));
  const body = checkAnswer(operation, answer);
  if (answer.statusCode >= 400 || sent.method === 'GET')
    must(isUnchanged(before, await standing()), `${answer.statusCode}, and yet something was written`);
  return { status: answer.statusCode, body };
}

/** As JSON carries it: what a caller can have meant. */
const carried = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

/** The request as bytes; lone surrogates as JSON writes them. */
const jsonSent = (value: unknown): Pick<Sent, 'payload' | 'headers'> => ({
  payload: Buffer.from(JSON.stringify(value) ?? 'null'),
  headers: { 'content-type': 'application/json' },
});

const operationNamed = (id: string): DocumentedOperation => {
  const found = document.operations.find((each) => each.operationId === id);
  if (!found) throw new Error(`there is no operation ${id}`);
  return found;
};

/** A value of a parameter: usually one that its schema takes. */
const parameterValue = (schema: Parameters<typeof valueOf>[0], name: string): fc.Arbitrary<string> =>
  name === 'wait'
    ? valueOf(schema, name).map(String)
    : fc.oneof(
        { weight: 4, arbitrary: valueOf(schema, name).map(String) },
        { weight: 1, arbitrary: oddText },
      );

/** A text as a part of an address, also a lone surrogate, which encodeURIComponent refuses. */
const encoded = (text: string): string =>
  Buffer.from(text, 'utf8').reduce(
    (done, byte) =>
      done +
      (byte > 127 || !/[\w.-]/.test(String.fromCharCode(byte))
        ? `%${byte.toString(16).padStart(2, '0')}`
        : String.fromCharCode(byte)),
    '',
  );

function requests(operation: DocumentedOperation): fc.Arbitrary<Sent> {
  const of = (where: string) => operation.parameters.filter((parameter) => parameter.in === where);
  const params = fc.tuple(
    ...of('path').map(({ name, schema }) => fc.tuple(fc.constant(name), parameterValue(schema, name))),
  );
  const queries = fc
    .tuple(
      fc
        .subarray(of('query'))
        .chain((some) =>
          fc.tuple(
            ...some.map(({ name, schema }) => fc.tuple(fc.constant(name), parameterValue(schema, name))),
          ),
        ),
      fc.oneof(
        { weight: 5, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(fc.tuple(oddText, oddText), { maxLength: 2 }) },
      ),
    )
    .map(([own, odd]) =>
      [...own, ...odd].filter(([name]) => name !== 'wait' || own.some(([each]) => each === 'wait')),
    );
  const headers = fc
    .subarray(of('header'))
    .chain((some) =>
      fc.tuple(...some.map(({ name, schema }) => fc.tuple(fc.constant(name), parameterValue(schema, name)))),
    );
  const body =
    operation.body === undefined
      ? fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: oddValue })
      : inputOf(operation.body);
  return fc.tuple(params, queries, headers, body).map(([path, query, head, value]) => {
    let url = operation.path;
    for (const [name, text] of path) url = url.replace(`{${name}}`, () => encoded(text));
    const search = query.map(([name, text]) => `${encoded(name)}=${encoded(text)}`).join('&');
    const sent = value === undefined || operation.method === 'GET' ? {} : jsonSent(value);
    const printable = head.map(
      ([name, text]) => [name, text.replace(/[^\x20-\x7e]/g, '?').slice(0, 4_000)] as const,
    );
    return {
      method: operation.method,
      url: search === '' ? url : `${url}?${search}`,
      ...sent,
      headers: { ...sent.headers, ...Object.fromEntries(printable) },
    };
  });
}

const streams = new Set(['streamEvents']);
describe('whatever is asked of it', () => {
  test.each(
    document.operations
      .filter(({ operationId }) => !streams.has(operationId))
      .map((each) => [each.operationId, each] as const),
  )(
    '%s answers as documented, and what it refuses changes nothing',
    async (_, operation) => {
      // It waits two seconds for a worker that is none.
      const isSlow = operation.operationId === 'drainWorker';
      const runs = isSlow ? 3 : operation.body ? 60 : operation.parameters.length > 0 ? 30 : 4;
      await expect(
        fc.assert(
          fc.asyncProperty(requests(operation), async (sent) => void (await ask(operation, sent))),
          fuzz(runs),
        ),
      ).resolves.toBeUndefined();
    },
    TIMEOUT,
  );
});

/** Is all that was given in what is stored? Fields may be filled in, none may be lost or changed. */
function mustKeep(given: unknown, stored: unknown, path = ''): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given) !== Array.isArray(stored))
    return must(
      Object.is(given, stored),
      `${path} was ${JSON.stringify(given)} and is ${JSON.stringify(stored)}`,
    );
  if ((given as { secret?: unknown }).secret === true && /\.(env|headers)\./.test(path)) return;
  must(!Array.isArray(given) || given.length === (stored as unknown[]).length, `${path} has another length`);
  for (const [key, value] of Object.entries(given)) {
    must(Object.hasOwn(stored as object, key), `${path}.${key} is gone`);
    mustKeep(value, (stored as Record<string, unknown>)[key], `${path}.${key}`);
  }
}

describe('a definition', () => {
  const putJob = operationNamed('putJob');
  const getJob = operationNamed('getJob');

  test(
    'reads back as it was given when it is taken, and says which field is wrong when it is not',
    async () => {
      let taken = 0;
      const good = goodDefinition;
      const definitions = fc.oneof(good, good.chain(mutated));
      await expect(
        fc.assert(
          fc.asyncProperty(definitions, async (given) => {
            const url = '/api/v1/jobs/subject';
            const named =
              typeof given === 'object' && given !== null && 'name' in given
                ? { ...given, name: 'subject' }
                : given;
            const { status, body } = await ask(putJob, { method: 'PUT', url, ...jsonSent(named) });
            if (status >= 400) return;
            taken++;
            const { job: answered } = body as { job: { definition: unknown } };
            const read = await ask(getJob, { method: 'GET', url });
            mustKeep(carried(named), answered.definition);
            mustKeep(answered.definition, (read.body as typeof answered).definition);
          }),
          fuzz(300),
        ),
      ).resolves.toBeUndefined();
      // A generator that makes nothing good would show nothing.
      expect(taken).toBeGreaterThan(10);
    },
    TIMEOUT,
  );

  test('is refused with its reason, however deep it is nested', async () => {
    for (const depth of [90, 200, 5_000, 100_000]) {
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
      ] as const) {
        const payload = `${open.repeat(depth)}1${close.repeat(depth)}`.slice(0, 500_000);
        const text = `{"schedule":"@manual","task":{"kind":"handler","name":"h","payload":${payload}}}`;
        const sent = { payload: Buffer.from(text), headers: { 'content-type': 'application/json' } };
        const { status } = await ask(putJob, { method: 'PUT', url: '/api/v1/jobs/deep', ...sent });
        expect({ depth, isTaken: status < 300 }).toEqual({ depth, isTaken: depth < 100 });
      }
    }
  });

  test('with a field twice is read as JSON readers do: the last counts', async () => {
    const text =
      '{"schedule":"@manual","schedule":"@daily","task":{"kind":"handler","name":"h"},"task":{"kind":"shell","command":"true"}}';
    const sent = { payload: Buffer.from(text), headers: { 'content-type': 'application/json' } };
    const { body } = await ask(putJob, { method: 'PUT', url: '/api/v1/jobs/twice', ...sent });
    expect(body).toMatchObject({ job: { definition: { schedule: '@daily', task: { kind: 'shell' } } } });
  });

  test('whose bytes are no UTF-8 is refused, rather than stored as something else', async () => {
    const head = Buffer.from('{"schedule":"@manual","task":{"kind":"shell","command":"echo ');
    for (const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
      const payload = Buffer.concat([head, Buffer.from(bytes), Buffer.from('"}}')]);
      const sent = { payload, headers: { 'content-type': 'application/json' } };
      const { status, body } = await ask(putJob, { method: 'PUT', url: '/api/v1/jobs/latin', ...sent });
      expect({ status, body }).toMatchObject({ status: 400, body: { code: 'bad_json' } });
    }
  });

  test('that is broken behind a very long text is told so', async () => {
    const batch = operationNamed('batchJobs');
    for (const [operation, length] of [
      [putJob, 500_000],
      [batch, 30_000_000],
    ] as const) {
      for (const [open, part, close] of [
        ['{"a": "', '\\n', '", b}'],
        ['{', ' ', 'b}'],
        ['[', '9', 'b]'],
      ] as const) {
        const text = `${open}${part.repeat(length / part.length)}${close}`;
        const sent = { payload: Buffer.from(text), headers: { 'content-type': 'application/json' } };
        const url = operation.path.replace('{job}', 'long');
        const { body } = await ask(operation, { method: operation.method, url, ...sent });
        expect(body).toMatchObject({ code: 'bad_json' });
      }
    }
  });

  test('with tens of thousands of unknown fields gets an answer that is shorter than it', async () => {
    const fields = Object.fromEntries(Array.from({ length: 25_000 }, (_, i) => [`field${i}`, i]));
    const sent = jsonSent({ ...fields, schedule: '@manual', task: { kind: 'shell', command: 'true' } });
    const { status, body } = await ask(putJob, { method: 'PUT', url: '/api/v1/jobs/many', ...sent });
    expect(status).toBe(400);
    expect(JSON.stringify(body).length).toBeLessThan(sent.payload!.length);
    expect(body).toMatchObject({ code: 'invalid_input' });
    const { errors } = body as { errors: { path: string; message: string }[] };
    expect(errors.slice(0, 2).map(({ path }) => path)).toEqual(['field0', 'field1']);
    expect(errors.at(-1)!.message).toMatch(/more/);
  });
});

test(
  'a body of bytes, of any content type and encoding, is answered as documented',
  async () => {
    const posts = document.operations.filter(({ method }) => method !== 'GET');
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.tuple(fc.nat(200), fc.nat(255)).map(([at, byte]) => {
        const bytes = Buffer.from(JSON.stringify(job('a', { description: 'é\u{1F600}' })));
        bytes[at % bytes.length] = byte;
        return bytes;
      }),
      fc.nat(100).map((length) => Buffer.from(JSON.stringify(job('a'))).subarray(0, length)),
      fc
        .constantFrom(
          '\ufeff{}',
          '{}{}',
          '[]',
          '"x"',
          'null',
          '{"__proto__":{"a":1}}',
          '{"constructor":{"prototype":{}}}',
          '1e999',
          '-',
          '{"a":}',
          '{"a":NaN}',
        )
        .map((text) => Buffer.from(text)),
    );
    const types = fc.constantFrom(
      'application/json',
      'application/json; charset=utf-16',
      'APPLICATION/JSON',
      'application/json;',
      'application/jsonp',
      'application/problem+json',
      'text/plain',
      'multipart/form-data; boundary=x',
      '',
      'x',
    );
    const sent = fc.record({
      operation: fc.constantFrom(...posts),
      payload: bodies,
      headers: fc.record(
        { 'content-type': types, 'content-encoding': fc.constantFrom('gzip', 'br', 'identity', 'x') },
        { requiredKeys: [] },
      ),
    });
    await expect(
      fc.assert(
        fc.asyncProperty(sent, async ({ operation, payload, headers }) => {
          const url = operation.path
            .replace('{job}', 'a')
            .replace('{run}', '20261122T143000.000Z-7f3a9c')
            .replace('{version}', '1')
            .replace('{worker}', 'w-abc123');
          await ask(operation, { method: operation.method, url, payload, headers });
        }),
        fuzz(200),
      ),
    ).resolves.toBeUndefined();
  },
  TIMEOUT,
);
