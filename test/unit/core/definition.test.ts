import { describe, expect, it } from 'vitest';
import {
  checkDefinition,
  redactSecrets,
  type DefinitionContext,
} from '../../../src/common/core/definition.ts';
import { createScheduleCompiler } from '../../../src/common/core/schedule.ts';
import type { JobDefinition } from '../../../src/common/model/job.ts';
import { instantFromIso } from '../../../src/common/model/time.ts';

const compiler = createScheduleCompiler();
const now = instantFromIso('2026-11-22T14:30:00Z');

type Fields = Record<string, unknown>;
const task = { kind: 'shell', command: 'true' };
const job = (fields: Fields): Fields => ({ name: 'backup', schedule: '0 3 * * *', task, ...fields });

function check(input: unknown, context: Partial<DefinitionContext> = {}): string[] {
  const checked = checkDefinition(input, { now, compiler, ...context });
  return checked.ok ? [] : checked.issues.map(({ path, message }) => `${path}: ${message}`);
}

function accept(input: unknown, context: Partial<DefinitionContext> = {}): JobDefinition {
  const checked = checkDefinition(input, { now, compiler, ...context });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.value.definition;
}

describe('a definition', () => {
  it('needs a name, a schedule and a task, and no more', () => {
    const definition = accept(job({}));
    expect(definition).toMatchObject({
      timezone: 'UTC',
      dst: { gap: 'shift', repeat: 'first' },
      overlap: 'forbid',
    });
    expect(check({})).toEqual([
      'name: is missing: it must be a text',
      'schedule: is missing: it must be a text or a list',
      'task: is missing: it must be an object such as {"kind": "shell", "command": "echo hello"}',
    ]);
  });

  it('comes with its schedule', () => {
    const checked = checkDefinition(job({ timezone: 'Europe/Berlin' }), { now, compiler });
    expect(checked.ok && checked.value.schedule.nextAfter(now)).toBe(instantFromIso('2026-11-23T02:00:00Z'));
  });

  it('counts @every from its own anchor, else from the anchor stored, else from now', () => {
    const next = (fields: Fields, context: Partial<DefinitionContext> = {}) => {
      const checked = checkDefinition(job({ schedule: '@every 1h', ...fields }), {
        now,
        compiler,
        ...context,
      });
      return checked.ok && new Date(checked.value.schedule.nextAfter(now)!).toISOString();
    };
    const anchor = instantFromIso('2020-01-01T00:10:00Z');
    expect(next({})).toBe('2026-11-22T15:30:00.000Z');
    expect(next({}, { anchor })).toBe('2026-11-22T15:10:00.000Z');
    expect(next({ anchor: '2020-01-01T00:20:00Z' }, { anchor })).toBe('2026-11-22T15:20:00.000Z');
  });

  const table: [string, unknown, unknown[]][] = [
    ['that is no object', 'x', [': must be an object, not a text']],
    ['that is nothing', undefined, [': is missing: it must be an object']],
    ['with an unknown field', job({ timezon: 'UTC' }), ['timezon: unknown field; did you mean timezone?']],
    [
      'with an unknown field inside',
      job({ retry: { dleay: '5s' } }),
      ['retry.dleay: unknown field; did you mean delay?'],
    ],
    [
      'with a field that resembles none',
      job({ catchUp: { when: 1 } }),
      ['catchUp.when: unknown field; the fields here are policy, window'],
    ],
    [
      'with a field of another kind of task',
      job({ task: { ...task, argv: ['x'] } }),
      ['task.argv: unknown field; the fields here are kind, command, shell, cwd, env, user'],
    ],
    [
      'with an unknown kind of task',
      job({ task: { kind: 'shel', command: 'x' } }),
      [
        'task.kind: "shel" is not known: it must be one of "shell", "exec", "http", "handler"; did you mean "shell"?',
      ],
    ],
    [
      'without a kind of task',
      job({ task: { command: 'x' } }),
      [
        'task.kind: is missing: it must be one of "shell", "exec", "http", "handler", as in {"kind": "shell", "command": "echo hello"}',
      ],
    ],
    [
      'without a kind, of a program with arguments',
      job({ task: { argv: ['x'] } }),
      [
        'task.kind: is missing: it must be one of "shell", "exec", "http", "handler", as in {"kind": "exec", "argv": ["program", "argument"]}',
      ],
    ],
    [
      'with a command in place of a task',
      job({ task: 'pg_dump "x"' }),
      ['task: must be an object: write {"kind": "shell", "command": "pg_dump \\"x\\""}'],
    ],
    [
      'with a list in place of a task',
      job({ task: ['pg_dump', 'x'] }),
      ['task: must be an object: write {"kind": "exec", "argv": ["pg_dump","x"]}'],
    ],
    [
      'with a command by the word of other tools',
      job({ task: { kind: 'shell', cmd: 'x' } }),
      ['task.command: is missing: it must be a text', 'task.cmd: unknown field; did you mean command?'],
    ],
    [
      'with arguments by the word of other tools',
      job({ task: { kind: 'exec', cmd: 'x' } }),
      ['task.argv: is missing: it must be a list', 'task.cmd: unknown field; did you mean argv?'],
    ],
    [
      'with a number for a duration and a size',
      job({ timeout: 30, killGrace: true, output: { limit: 5 } }),
      [
        'timeout: the number 30 has no unit: write a duration as text, such as "30s"',
        'killGrace: must be a duration as text, such as "30s"',
        'output.limit: the number 5 has no unit: write a size as text, such as "5MiB"',
      ],
    ],
    [
      'with what is no instant',
      job({ startAt: 'tomorrow', endAt: 5 }),
      [
        'startAt: "tomorrow" is not an instant: write ISO 8601 with its zone, such as "2026-12-24T18:00:00Z"',
        'endAt: 5 is not an instant: write ISO 8601 with its zone, such as "2026-12-24T18:00:00Z"',
      ],
    ],
    [
      'with a wrong schedule and zone beside wrong shapes',
      job({ schedule: ['0 3 * * *', '61 * * * *'], timezone: 'Mars/Olympus', timeout: 30 }),
      [
        'timeout: the number 30 has no unit: write a duration as text, such as "30s"',
        expect.stringMatching(/^timezone: "Mars\/Olympus" is not a known time zone/),
        expect.stringMatching(/^schedule\[1\]: .*61/),
      ],
    ],
    [
      'with a task lacking its command',
      job({ task: { kind: 'shell' } }),
      ['task.command: is missing: it must be a text'],
    ],
    [
      'with an empty command',
      job({ task: { kind: 'shell', command: '' } }),
      ['task.command: a command is needed'],
    ],
    [
      'with an environment value of the wrong type',
      job({ task: { ...task, env: { A: 5 } } }),
      ['task.env.A: must be a text or an object, not the number 5'],
    ],
    [
      'with a secret that is none',
      job({ task: { ...task, env: { A: { secret: 'yes' } } } }),
      ['task.env.A.secret: "yes" is not known: it must be true'],
    ],
    [
      'with a misspelt secret',
      job({ task: { ...task, env: { A: { secret: true, valeu: 'x' } } } }),
      ['task.env.A.valeu: unknown field; did you mean value?'],
    ],
    [
      'with an environment name that no shell takes',
      job({ task: { ...task, env: { '1A': 'x' } } }),
      ['task.env.1A: an environment variable is named with letters, digits and "_"'],
    ],
    [
      'with an empty program',
      job({ task: { kind: 'exec', argv: ['', 'x'] } }),
      ['task.argv[0]: the program is empty: write its name or path'],
    ],
    [
      'without a program',
      job({ task: { kind: 'exec', argv: [] } }),
      ['task.argv: argv needs at least the program'],
    ],
    [
      'with zero bytes',
      job({
        task: { kind: 'exec', argv: ['a\0'], cwd: '\0', env: { A: { secret: true, value: 'b\0' }, B: '\0' } },
      }),
      ['argv[0]', 'cwd', 'env.A.value', 'env.B'].map(
        (field) => `task.${field}: holds a zero byte, which no program can be given`,
      ),
    ],
    [
      'with an empty shell and directory',
      job({ task: { ...task, shell: '', cwd: '' } }),
      ['task.shell: must have at least 1 character', 'task.cwd: must have at least 1 character'],
    ],
    [
      'with a user that is a line of passwd',
      job({ task: { ...task, user: 'root:x' } }),
      ["task.user: a user's name is one word without a colon"],
    ],
    [
      'with a label that is none',
      job({ labels: { 'a b': 'x' } }),
      ['labels["a b"]: a label holds 1 to 63 letters, digits and ". _ / -"'],
    ],
    ['with a number out of bounds', job({ retry: { limit: -1 } }), ['retry.limit: must be at least 0']],
    [
      'with a fraction of a run',
      job({ history: { keep: 1.5 } }),
      ['history.keep: must be a whole number, not the number 1.5'],
    ],
    [
      'with a misspelt choice',
      job({ overlap: 'frobid' }),
      [
        'overlap: "frobid" is not known: it must be one of "forbid", "queue", "replace", "allow"; did you mean "forbid"?',
      ],
    ],
    [
      'with a duration without a unit',
      job({ timeout: '90' }),
      ['timeout: "90" is not a duration: write a number with a unit, such as "90s", "10m" or "1h30m"'],
    ],
    ['with no schedule in the list', job({ schedule: [] }), ['schedule: must have at least 1 entry']],
    [
      'with a wrong schedule in the list',
      job({ schedule: ['@daily', '@every 10ms'] }),
      ['schedule[1]: @every 10ms is too short: the shortest interval is 1s'],
    ],
    [
      'with @manual beside others',
      job({ schedule: ['@manual', '@daily'] }),
      [
        'schedule[0]: @manual says that the job has no ticks, so it stands alone: remove it or the other schedules',
      ],
    ],
    [
      'with an unknown zone',
      job({ timezone: 'Europe/Berln' }),
      ['timezone: "Europe/Berln" is not a known time zone: write an IANA name such as Europe/Berlin or UTC'],
    ],
    [
      'that ends before it starts',
      job({ startAt: '2028-01-01T00:00:00Z', endAt: '2027-01-01T00:00:00Z' }),
      ['endAt: endAt 2027-01-01T00:00:00Z is not after startAt 2028-01-01T00:00:00Z: it must be later'],
    ],
    [
      'that ended already',
      job({ endAt: '2026-01-01T00:00:00Z' }),
      [
        'endAt: 2026-01-01T00:00:00Z is in the past (it is 2026-11-22T14:30:00.000Z): the job would never run',
      ],
    ],
    [
      'that ends before its first tick',
      job({ schedule: '0 3 1 1 *', endAt: '2026-12-31T00:00:00Z' }),
      [
        'endAt: no tick of the schedule falls before 2026-12-31T00:00:00Z: it would never run; write a later one',
      ],
    ],
    [
      'that starts after its only tick',
      job({ schedule: '@at 2027-01-01T00:00:00Z', startAt: '2028-01-01T00:00:00Z' }),
      ['schedule: has no tick at or after 2028-01-01T00:00:00Z: it would never run'],
    ],
    [
      'whose instant is past',
      job({ schedule: ['@daily', '@at 2026-11-22T14:30:00Z'] }),
      [
        'schedule[1]: 2026-11-22T14:30:00Z is in the past (it is 2026-11-22T14:30:00.000Z): write a later instant, or @manual and run it by hand',
      ],
    ],
    [
      'that queues and forgets',
      job({ overlap: 'queue', catchUp: { policy: 'none' } }),
      [
        'catchUp.policy: none forgets a tick that did not start on time, and overlap queue keeps it waiting for just that: write latest or all, or another overlap',
      ],
    ],
    [
      'that is wrong in several places',
      job({ timezone: 'X', overlap: 'queue', catchUp: { policy: 'none' } }),
      [expect.stringContaining('catchUp.policy'), expect.stringContaining('timezone')],
    ],
    [
      'larger than 64 KiB',
      job({ task: { kind: 'shell', command: 'x'.repeat(65_536) } }),
      [expect.stringMatching(/^: the definition has \d+ bytes: at most 65536/)],
    ],
    [
      'with a secret and no value',
      job({ task: { ...task, env: { A: { secret: true } } } }),
      [expect.stringMatching(/^task\.env\.A: a secret without a value/)],
    ],
  ];
  it.each(table)('%s is refused with the place and the way out', (_, input, issues) => {
    expect(check(input)).toEqual(issues);
  });

  it('measures bytes, not characters', () => {
    expect(check(job({ task: { kind: 'shell', command: 'x'.repeat(40_000) } }))).toEqual([]);
    expect(check(job({ task: { kind: 'shell', command: 'ä'.repeat(40_000) } }))).toHaveLength(1);
  });

  it('that is over already may still be changed in other fields, but not given another schedule that is over', () => {
    const previous = accept(job({ schedule: '@at 2026-12-01T00:00:00Z' }));
    const later = instantFromIso('2027-01-01T00:00:00Z');
    const change = (fields: Fields): string[] => check(job(fields), { now: later, previous });
    expect(change({ schedule: '@at 2026-12-01T00:00:00Z', description: 'done' })).toEqual([]);
    expect(change({ schedule: '@at 2026-12-02T00:00:00Z' })).toHaveLength(1);
    expect(change({ schedule: '@at 2026-12-01T00:00:00Z', timezone: 'Europe/Berlin' })).toHaveLength(1);
  });
});

describe('a request', () => {
  const http = (fields: Fields): Fields =>
    job({ task: { kind: 'http', url: 'https://example.org/hook', ...fields } });

  it('needs a url and no more', () => {
    expect(accept(http({})).task).toEqual({
      kind: 'http',
      method: 'GET',
      url: 'https://example.org/hook',
      expect: ['200-299'],
      redirects: 5,
      tls: { verify: true },
    });
  });

  it.each<[string, Fields]>([
    ['a body of any JSON', { method: 'POST', body: [null, { a: 1 }] }],
    ['null as its body', { method: 'PUT', body: null }],
    ['one status', { expect: 204 }],
    ['one range', { expect: '2xx' }],
    ['several', { expect: [200, '300-399', '5xx'] }],
    ['a secret header', { headers: { Authorization: { secret: true, value: 'Bearer x' } } }],
    ['an authority', { tls: { ca: '-----BEGIN CERTIFICATE-----' } }],
    ['an address with a port and a query', { url: 'http://[::1]:8080/a?b=c%20d' }],
  ])('may have %s', (_, fields) => {
    expect(check(http(fields))).toEqual([]);
  });

  const table: [string, Fields, string[]][] = [
    [
      'to what is no url',
      { url: 'example.org/hook' },
      ['task.url: is no url: write one such as https://example.org/hook'],
    ],
    ['to another scheme', { url: 'file:///etc/passwd' }, ['task.url: a url of http or https is needed']],
    [
      'to a url with a space',
      { url: 'https://example.org/a b' },
      ['task.url: a url holds no spaces or line ends: write %20'],
    ],
    [
      'with a password in its url',
      { url: 'https://me:hush@example.org/' },
      [expect.stringMatching(/^task\.url: .*takes no user and password: send them as a header, .*secret/)],
    ],
    [
      'with a method in small letters',
      { method: 'post' },
      [expect.stringMatching(/^task\.method: "post" is not known: .*did you mean "POST"\?$/)],
    ],
    [
      'that gets with a body',
      { body: 'x' },
      ['task.body: a GET request has no body: write "method": "POST", or leave the body out'],
    ],
    [
      'with a header that is none',
      { headers: { 'a b': 'x' } },
      ['task.headers["a b"]: a header\'s name holds letters, digits and "-"'],
    ],
    [
      'with a header of two lines',
      { headers: { A: 'x\r\nB: y' } },
      ["task.headers.A: a header's value is one line of Latin letters; encode others, such as by base64"],
    ],
    [
      'with a secret header of two lines',
      { headers: { A: { secret: true, value: 'hush\n' } } },
      [
        "task.headers.A.value: a header's value is one line of Latin letters; encode others, such as by base64",
      ],
    ],
    [
      'that forges what its run is',
      { headers: { 'X-Etcron-Run-Id': 'x', 'idempotency-key': 'x' } },
      [
        'task.headers.X-Etcron-Run-Id: is set by etcron for each request: leave it out',
        'task.headers.idempotency-key: is set by etcron for each request: leave it out',
      ],
    ],
    [
      'that frames itself',
      { headers: { 'Content-Length': '5' } },
      ['task.headers.Content-Length: belongs to the connection, not to the job: leave it out'],
    ],
    [
      'with a header twice',
      { headers: { 'X-A': '1', 'x-a': '2' } },
      ['task.headers.x-a: is there twice: names of headers differ by more than case'],
    ],
    [
      'with a status that is none',
      { expect: ['2xx', 'ok', 700] },
      [
        'task.expect[1]: "ok" is no range: write a number, or a range such as "2xx"',
        'task.expect[2]: must be at most 599',
      ],
    ],
    [
      'with a range the wrong way round',
      { expect: '299-200' },
      ['task.expect: "299-200" runs backwards: write "200-299"'],
    ],
    ['with too many redirects', { redirects: 21 }, ['task.redirects: must be at most 20']],
    [
      'with a file as its authority',
      { tls: { ca: '/etc/ssl/ca.pem' } },
      ['task.tls.ca: must be certificates as PEM text: -----BEGIN CERTIFICATE----- …'],
    ],
    [
      'with a private key as its authority',
      { tls: { ca: '-----BEGIN PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----' } },
      [
        'task.tls.ca: holds a private key, which all who may read the job would see: give the certificate only',
      ],
    ],
    [
      'with a timeout without unit',
      { timeout: '30' },
      ['task.timeout: "30" is not a duration: write a number with a unit, such as "90s", "10m" or "1h30m"'],
    ],
    [
      'with an unknown field of TLS',
      { tls: { verfy: false } },
      ['task.tls.verfy: unknown field; did you mean verify?'],
    ],
    [
      'with a command',
      { command: 'x' },
      [expect.stringMatching(/^task\.command: unknown field; the fields here are kind, method, url/)],
    ],
  ];
  it.each(table)('%s is refused with the place and the way out', (_, fields, issues) => {
    const told = check(http(fields));
    expect(told).toEqual(issues);
    expect(told.join()).not.toContain('hush');
  });
});

describe('a secret header', () => {
  const withHeaders = (headers: Fields): Fields =>
    job({ task: { kind: 'http', url: 'https://example.org/', headers } });
  const stored = accept(withHeaders({ Authorization: { secret: true, value: 'hidden' }, 'X-A': 'plain' }));

  it('is left out of what is shown, and stays when it comes back without its value', () => {
    const shown = redactSecrets(stored);
    expect(shown).toEqual({
      ...stored,
      task: { ...stored.task, headers: { Authorization: { secret: true }, 'X-A': 'plain' } },
    });
    expect(accept(shown, { previous: stored })).toEqual(stored);
  });

  it('is not made of a variable of that name', () => {
    const before = accept(job({ task: { ...task, env: { A: { secret: true, value: 'hidden' } } } }));
    expect(check(withHeaders({ A: { secret: true } }), { previous: before })).toEqual([
      'task.headers.A: a secret without a value, and none is stored to keep: send its value',
    ]);
  });
});

describe('a secret', () => {
  const withEnv = (env: Fields): Fields => job({ task: { ...task, env } });
  const stored = accept(withEnv({ A: { secret: true, value: 'hidden' }, B: 'plain' }));

  it('is left out of what is shown, and nothing else is', () => {
    expect(redactSecrets(stored)).toEqual({
      ...stored,
      task: { ...stored.task, env: { A: { secret: true }, B: 'plain' } },
    });
    expect(JSON.stringify(redactSecrets(stored))).not.toContain('hidden');
  });

  it('sent back without its value stays as it is stored', () => {
    expect(accept(redactSecrets(stored), { previous: stored })).toEqual(stored);
  });

  it('takes a new value', () => {
    const changed = accept(withEnv({ A: { secret: true, value: 'new' } }), { previous: stored });
    expect(changed.task).toMatchObject({ env: { A: { secret: true, value: 'new' } } });
  });

  it('made of a plain value keeps that value', () => {
    const changed = accept(withEnv({ B: { secret: true } }), { previous: stored });
    expect(changed.task).toMatchObject({ env: { B: { secret: true, value: 'plain' } } });
  });

  it('that is stored under no such name is refused, whatever the name', () => {
    expect(check(withEnv({ C: { secret: true }, toString: { secret: true } }), { previous: stored })).toEqual(
      [expect.stringMatching(/^task\.env\.C: /), expect.stringMatching(/^task\.env\.toString: /)],
    );
  });

  it('may be settled later, by who knows what is stored', () => {
    expect(check(withEnv({ C: { secret: true } }), { secrets: 'later' })).toEqual([]);
  });
});

describe('retry.on', () => {
  const on = (value: unknown, fields: Fields = {}) =>
    check(job({ retry: { limit: 2, on: value }, ...fields }));

  it('names exit codes, ranges of them, and other ends', () => {
    expect(on({ exitCodes: [1, '64-78', '7-7'], timeout: true, error: true, lost: false })).toEqual([]);
  });

  it.each([
    [{ exitCodes: [1, '78-64'] }, 'retry.on.exitCodes[1]: "78-64" runs backwards: write "64-78"'],
    [
      { exitCodes: ['x'] },
      'retry.on.exitCodes[0]: "x" is no range: write a number, or a range such as "64-78"',
    ],
    [{ exitCodes: ['200-300'] }, 'retry.on.exitCodes[0]: "200-300" is out of bounds: from 0 to 255'],
    [{ exitCodes: [256] }, 'retry.on.exitCodes[0]: must be at most 255'],
    [{ exitCodes: [1.5] }, 'retry.on.exitCodes[0]: must be a whole number or a text, not the number 1.5'],
    [{ exitCodes: [] }, 'retry.on.exitCodes: must have at least 1 entry'],
    [{ exitCodes: ['5xx'] }, 'retry.on.exitCodes[0]: "5xx" is out of bounds: from 0 to 255'],
    [{ statuses: ['6xx'] }, 'retry.on.statuses[0]: "6xx" is out of bounds: from 100 to 599'],
    [{ statuses: [99] }, 'retry.on.statuses[0]: must be at least 100'],
    [{ exitcodes: [1], error: true }, 'retry.on.exitcodes: unknown field; did you mean exitCodes?'],
    [
      { timeout: false },
      'retry.on: names no end that is worth a retry: write exitCodes, statuses, timeout, error or lost, or leave `on` out to retry every failure',
    ],
    [
      { statuses: ['500-599'] },
      'retry.on.statuses: a task of kind shell ends with no HTTP status: write exitCodes',
    ],
  ])('%j is refused with the field and what would be right', (value, message) => {
    expect(on(value)).toEqual([message]);
  });

  it('names statuses of an http task, and no exit codes', () => {
    const http = { task: { kind: 'http', method: 'GET', url: 'http://localhost/' } };
    expect(on({ statuses: [429, '503', '500-599', '5xx'], error: true }, http)).toEqual([]);
    expect(on({ exitCodes: [1] }, http)).toEqual([
      'retry.on.exitCodes: a task of kind http ends with no exit code: write statuses',
    ]);
  });

  it('names no exit codes of a handler, which has none', () => {
    expect(on({ exitCodes: [1] }, { task: { kind: 'handler', name: 'report' } })).toEqual([
      'retry.on.exitCodes: a task of kind handler ends with no exit code: write error',
    ]);
  });
});
