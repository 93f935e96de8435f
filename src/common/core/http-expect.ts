// Which status of an answer is the success of a task of the kind http.
import { includesCode } from '../model/codes.ts';
import type { HttpTask } from '../model/http-task.ts';

type Expected = HttpTask['expect'];

export const isExpected = (expect: Expected, status: number): boolean =>
  includesCode([expect].flat(), status);

export const expectText = (expect: Expected): string => [expect].flat().join(', ');
