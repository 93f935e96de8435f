import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { problemCatalogue } from '../../../src/common/api/problems.ts';
import { jobDefinition, task } from '../../../src/common/model/job.ts';
import { loadMasterConfig, loadWorkerConfig } from '../../../src/common/runtime/config.ts';
import { allSettings } from '../../../src/common/runtime/settings.ts';

const fileUrl = (name: string) => new URL(`../../../${name}`, import.meta.url);
const file = (name: string): string => readFileSync(fileUrl(name), 'utf8');
const readme = file('README.md');
const operations = file('docs/operations.md');

describe('the documentation', () => {
  it('has the table of settings that the schema has', () => {
    const rows = operations
      .slice(operations.indexOf('| in the file'))
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      );
    const expected = allSettings().map(({ path, flag, env, fallback, commands, help }) => [
      `\`${path}\``,
      `\`--${flag}\``,
      `\`${env}\``,
      fallback ?? '',
      commands.join(', '),
      help,
    ]);
    expect(rows).toEqual(expected);
  });

  it('has an example file that masters and workers accept', () => {
    const example = /```yaml\n([^]*?)```/.exec(operations)![1]!;
    const readFile = (path: string) => (path === 'x' ? example : 'admin 0123456789abcdef');
    for (const load of [loadMasterConfig, loadWorkerConfig]) {
      expect(load({ flags: { config: 'x' }, env: {}, readFile })).toMatchObject({ ok: true });
    }
    expect(parse(example)).toHaveProperty('worker.slots', 16);
  });

  it('has a row for each code of a problem, with its status', () => {
    const rows = file('docs/api.md').slice(file('docs/api.md').indexOf('| code')).split('\n').slice(2);
    const told = rows.slice(0, rows.indexOf('')).flatMap((row) => {
      const [codes = '', statuses = ''] = row.slice(1).split('|');
      const status = statuses.split(',').map(Number);
      return [...codes.matchAll(/`(\w+)`/g)].map(([, code], i) => [code, status[i] ?? status[0]]);
    });
    expect(Object.fromEntries(told)).toEqual(
      Object.fromEntries(Object.entries(problemCatalogue).map(([code, { status }]) => [code, status])),
    );
  });

  it('creates a job that is accepted, in the quick start', () => {
    const body = /-d '(\{.*\})'/.exec(readme)![1]!;
    expect(jobDefinition.safeParse(JSON.parse(body))).toMatchObject({ success: true });
  });

  it('has an example of retries that is accepted, and a row for each end that can be named', () => {
    const failures = file('docs/failures.md');
    const example = parse(/```yaml\n([^]*?)```/.exec(failures)![1]!) as object;
    const parsed = jobDefinition.safeParse({
      name: 'x',
      schedule: '@daily',
      task: { kind: 'shell', command: 'true' },
      ...example,
    });
    expect(parsed.error?.issues ?? []).toEqual([]);
    const on = jobDefinition.shape.retry.unwrap().shape.on.unwrap();
    const table = failures.slice(
      failures.indexOf('| field'),
      failures.indexOf('An end that it does not name'),
    );
    expect(Array.from(table.matchAll(/^\| `(\w+)`/gm), ([, name]) => name)).toEqual(Object.keys(on.shape));
  });

  it('has examples of tasks that are accepted, of every kind', () => {
    const examples = Array.from(file('docs/tasks.md').matchAll(/```yaml\n([^]*?)```/g), ([, text]) => text!);
    const kinds = examples.map((text) => {
      const job = { name: 'x', schedule: '@daily', ...(parse(text) as object) };
      const parsed = jobDefinition.safeParse(job);
      expect(parsed.error?.issues ?? []).toEqual([]);
      return parsed.data!.task.kind;
    });
    expect(kinds).toEqual(task.options.map((option) => option.shape.kind.value));
  });

  it('refers from page to page only where there is one', () => {
    for (const name of ['tasks', 'embedding']) {
      const text = file(`docs/${name}.md`);
      const links = Array.from(text.matchAll(/\]\(((?!http)[^)#]+)(?:#([^)]+))?\)/g));
      expect(links.length).toBeGreaterThan(1);
      const astray = links.filter(([, to, heading = '']) => {
        const headings = file(`docs/${to}`).toLowerCase();
        return heading !== '' && !headings.includes(`## ${heading.replaceAll('-', ' ')}\n`);
      });
      expect(astray).toEqual([]);
    }
  });

  it('refers to files that are there', () => {
    const links = [
      { folder: '', text: readme },
      { folder: 'docs/', text: operations },
    ].flatMap(({ folder, text }) =>
      Array.from(text.matchAll(/\]\(((?!http)[^)#]+)(?:#[^)]*)?\)/g), ([, to]) => folder + to!),
    );
    expect(links.length).toBeGreaterThan(1);
    expect(links.filter((to) => !existsSync(fileUrl(to)))).toEqual([]);
  });
});
