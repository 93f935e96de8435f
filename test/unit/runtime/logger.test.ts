import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/common/runtime/logger.ts';
import { createMetrics } from '../../../src/common/runtime/metrics.ts';
import { EtcdError } from '../../../src/common/store/etcd.ts';
import { secret } from '../../../src/common/runtime/secret.ts';

function collect(format: 'auto' | 'json' | 'pretty', isTTY: boolean) {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const destination = Object.assign(stream, { isTTY });
  return { lines, logger: createLogger({ name: 'worker', level: 'info', format, destination }) };
}

describe('the log', () => {
  it('is a JSON object a line where no person reads it', () => {
    const { lines, logger } = collect('auto', false);
    logger.info({ job: 'a' }, 'started');
    logger.debug('too fine');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'info', name: 'worker', job: 'a', msg: 'started' });
  });

  it('tells an etcd that is away in a line, and a fault with its stack', () => {
    const { lines, logger } = collect('json', false);
    const told = (err: Error) => {
      logger.warn({ err }, 'x');
      return (JSON.parse(lines.at(-1)!) as { err: object }).err;
    };
    const cause = new Error('14 UNAVAILABLE');
    const away = new EtcdError('unavailable', 'http://e: no connection', { cause, mayHaveApplied: true });
    expect(told(away)).toEqual({
      type: 'EtcdError',
      kind: 'unavailable',
      message: 'http://e: no connection',
      mayHaveApplied: true,
    });
    expect(told(new EtcdError('invalid', 'bad', { mayHaveApplied: false }))).toHaveProperty('stack');
    expect(told(new TypeError('bug'))).toMatchObject({ type: 'TypeError', stack: expect.any(String) });
  });

  it('is readable on a terminal', () => {
    const { lines, logger } = collect('auto', true);
    logger.info('started');
    expect(lines.join('')).toMatch(/worker.*started/);
    expect(lines.join('')).not.toMatch(/^\{/);
  });

  it.each(['json', 'pretty'] as const)('never shows a secret: %s', (format) => {
    const { lines, logger } = collect(format, false);
    logger.info(
      { token: 'hunter22', etcd: { password: 'hunter22' }, wrapped: secret('hunter22') },
      'started',
    );
    logger.info({ request: { headers: { authorization: 'Bearer hunter22' } } }, 'asked');
    expect(lines.join('')).toContain('[secret]');
    expect(lines.join('')).not.toContain('hunter22');
    expect(inspect({ deep: [secret('hunter22')] })).not.toContain('hunter22');
  });
});

describe('metrics', () => {
  it('are of one registry each, so that two can live in one process', async () => {
    const [one, two] = [createMetrics('worker', '1.2.3'), createMetrics('master', '1.2.3')];
    expect(await one.render()).toContain('etcron_build_info{version="1.2.3",role="worker"} 1');
    expect(await two.render()).toContain('role="master"');
    expect(await two.render()).not.toContain('role="worker"');
  });
});
