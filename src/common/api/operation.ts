// The shape of one operation of the REST API: what goes in, what comes out, as schemas. The server, the
// OpenAPI document, the command line and the page all read the same value; none states a path or type twice.
import type { z } from 'zod';
import type { ProblemCode } from './problems.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Text that is not JSON: output of a run, metrics, a stream of events. */
export interface TextAnswer {
  readonly text: 'text/plain' | 'text/event-stream';
  readonly description: string;
}

export type AnswerSpec = z.ZodType | TextAnswer;

export const TAGS = ['jobs', 'runs', 'workers', 'schedules', 'cluster', 'system'] as const;

export interface Operation {
  readonly method: Method;
  /** Parameters in braces: `/api/v1/jobs/{job}`. */
  readonly path: string;
  readonly tag: (typeof TAGS)[number];
  /** One line, in the imperative. */
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  /** A strict object: an unknown parameter is refused by its name. */
  readonly query?: z.ZodObject;
  /** The headers that mean something to it; others are none of its business. Names in lower case. */
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Above the usual limit of a body, in bytes. */
  readonly bodyLimit?: number;
  /** What it answers when all goes well, by status. */
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  /** Its own ways to fail; those that any operation has (bad input, etcd away, ...) are not listed. */
  readonly problems?: readonly ProblemCode[];
  /** Answers without a token, whatever is configured. */
  readonly open?: true;
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;
type Given<S> = S extends z.ZodType ? z.input<S> : undefined;
type Part<O, K extends string> = K extends keyof O ? O[K] : undefined;

/** What a handler gets: parsed, defaults filled in. */
export interface Input<O extends Operation> {
  readonly params: Parsed<Part<O, 'params'>>;
  readonly query: Parsed<Part<O, 'query'>>;
  readonly headers: Parsed<Part<O, 'headers'>>;
  readonly body: Parsed<Part<O, 'body'>>;
}

/** What a caller gives. */
export interface Request<O extends Operation> {
  readonly params: Given<Part<O, 'params'>>;
  readonly query: Given<Part<O, 'query'>>;
  readonly headers: Given<Part<O, 'headers'>>;
  readonly body: Given<Part<O, 'body'>>;
}

type BodyOf<A, Stream> = A extends z.ZodType ? z.input<A> : Stream;

/** What a handler gives back: one of the statuses of the contract, with its body. `Stream`: the body of a text answer. */
export type Answer<O extends Operation, Stream = string> = {
  [S in keyof O['answers'] & number]: {
    readonly status: S;
    readonly body: BodyOf<O['answers'][S], Stream>;
    readonly headers?: Readonly<Record<string, string>>;
  };
}[keyof O['answers'] & number];

/** Keeps the exact type of an operation, and checks that it is one. */
export const operation = <const O extends Operation>(spec: O): O => spec;

export const isText = (answer: AnswerSpec): answer is TextAnswer => 'text' in answer;
