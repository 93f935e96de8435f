// Variables and payload as they are typed for one run.
import { expect, it } from 'vitest';
import { readEnv, readPayload } from '../../../web/src/features/job/run-overrides.ts';

it('reads variables, one a line, and passes over empty lines and remarks', () => {
  expect(readEnv('A=1\n\n  # a remark\n  B_2=two words \nEMPTY=\nURL=http://x/?a=b')).toEqual({
    env: { A: '1', B_2: 'two words ', EMPTY: '', URL: 'http://x/?a=b' },
  });
  expect(readEnv('A=1\nA=2')).toEqual({ env: { A: '2' } });
});

it('has none where none is typed', () => {
  expect(readEnv('')).toEqual({});
  expect(readEnv(' \n# only a remark\n')).toEqual({});
});

it.each(['no equals sign', '1A=starts with a digit', 'A B=a space', '=nothing before', 'A-B=x'])(
  'tells of the first line that is none: %s',
  (line) => expect(readEnv(`A=1\n ${line} \nalso wrong`)).toEqual({ wrong: line }),
);

it('reads a payload that is JSON, whatever it is', () => {
  expect(readPayload('{"a": [1]}')).toEqual({ isWrong: false, payload: { a: [1] } });
  expect(readPayload(' null ')).toEqual({ isWrong: false, payload: null });
  expect(readPayload('"text"')).toEqual({ isWrong: false, payload: 'text' });
});

it('has no payload where nothing is typed, and says what is no JSON', () => {
  expect(readPayload(' \n ')).toEqual({ isWrong: false });
  expect('payload' in readPayload('')).toBe(false);
  expect(readPayload("{'a': 1}")).toEqual({ isWrong: true });
});
