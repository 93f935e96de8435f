// Why a call failed, as one type: the master's own refusal with its code and the fields it names, or that no
// master answered. What a person is shown is made from it by components/error-state.
import type { Problem, ProblemCode, ProblemIssue } from '../../../src/common/api/problems.ts';

/** `unreachable`: nobody answered; `unreadable`: something that is no master did, such as a proxy. */
export type FailureCode = ProblemCode | 'unreachable' | 'unreadable';

export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  readonly code: FailureCode;
  readonly status: number | undefined;
  /** Field by field, with paths such as `schedule[1]` or `retry.delay`; empty when it is about no field. */
  readonly fields: readonly ProblemIssue[];
  readonly title: string | undefined;

  constructor(code: FailureCode, message: string, told?: Problem) {
    super(message);
    this.code = code;
    this.status = told?.status;
    this.title = told?.title;
    this.fields = told?.errors ?? [];
  }

  /** Of the field itself and of what lies in it. */
  at(path: string): string | undefined {
    return this.fields.find((field) => field.path === path)?.message;
  }
}

export const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'code' in value && 'detail' in value && 'status' in value;

/** Worth asking again without anybody's doing: nobody was there, or not ready yet. */
export const mayPass = (error: unknown): boolean =>
  error instanceof CallFailed &&
  (error.code === 'unreachable' || error.status === 503 || error.code === 'unreadable');
