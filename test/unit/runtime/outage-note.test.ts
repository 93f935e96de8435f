import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createOutageNote } from '../../../src/common/runtime/outage-note.ts';
import { EtcdError } from '../../../src/common/store/etcd.ts';
import { createTestClock } from '../../support/test-clock.ts';

const rig = () => {
  const lines: { msg: string; reason?: string; err?: object }[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const clock = createTestClock();
  return { lines, clock, outage: createOutageNote({ clock, logger }, 'no runs here') };
};
const away = new EtcdError('unavailable', 'connection refused');

it('an outage is said at once, with the setting that may be wrong, and then once a minute', async () => {
  const { lines, clock, outage } = rig();
  for (let i = 0; i < 10; i++) {
    outage.note(away);
    await clock.advance(6_100);
  }
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ reason: 'connection refused' });
  expect(lines[0]!.msg).toMatch(/^etcd cannot be reached: no runs here\..*--etcd \(ETCRON_ETCD\)/);
  outage.note(away);
  expect(lines).toHaveLength(2);
});

it('the next outage is said at once', () => {
  const { lines, outage } = rig();
  outage.note(away);
  outage.over();
  outage.note(away);
  expect(lines).toHaveLength(2);
});

it('what is no outage is told as it is', () => {
  const { lines, outage } = rig();
  outage.note(new EtcdError('auth', 'wrong password'));
  expect(lines[0]).toMatchObject({
    msg: 'etcd takes nothing from here: no runs here',
    err: { message: 'wrong password' },
  });
});
