// Which status of an answer is the success of a task of the kind http.
import type { HttpTask } from '../model/http-task.ts';

type Expected = HttpTask['expect'];

export function isExpected(expect: Expected, status: number): boolean {
  return Array.isArray(expect) ? expect.some((each) => matches(each, status)) : matches(expect, status);
}

/** `200`, `"200-299"`, `"2xx"`; the schema lets nothing else through. */
function matches(each: number | string, status: number): boolean {
  if (typeof each === 'number') return each === status;
  if (each.endsWith('xx')) return Number(each[0]) === Math.floor(status / 100);
  const from = Number(each.slice(0, 3));
  return each.length === 3 ? status === from : status >= from && status <= Number(each.slice(4));
}

export const expectText = (expect: Expected): string => [expect].flat().join(', ');
