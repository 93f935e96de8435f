// A task that is one request over http: what may be asked, of whom, and which answers are good.
// What needs a network or a certificate parser is checked by the worker, when it asks.
import { z } from 'zod';
import { codeOrRange } from './codes.ts';
import { durationText } from './duration.ts';

const text = (longest: number): z.ZodString => z.string().max(longest);

/** A value, or a secret: answered without its value; sent back without its value, the stored one stays. */
export const secretOr = (value: z.ZodString) =>
  z.union([value, z.strictObject({ secret: z.literal(true), value: value.optional() })]);

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
/** What Node writes into a header: Latin-1 without control characters. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Set for each request, so that a job cannot forge what its run is, or break the request's framing. */
const OF_THE_RUN = /^(?:x-etcron-.*|idempotency-key)$/;
const OF_THE_CONNECTION =
  /^(?:connection|content-length|expect|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/;

const headers = z
  .record(
    z.string().regex(HEADER_NAME, { error: 'a header\'s name holds letters, digits and "-"' }),
    secretOr(
      z.string().max(16_384).regex(HEADER_VALUE, {
        error: "a header's value is one line of Latin letters; encode others, such as by base64",
      }),
    ),
  )
  .superRefine((given, ctx) => {
    const seen = new Set<string>();
    for (const name of Object.keys(given)) {
      const lower = name.toLowerCase();
      const say = (message: string): void => ctx.addIssue({ code: 'custom', path: [name], message });
      if (OF_THE_RUN.test(lower)) say('is set by etcron for each request: leave it out');
      else if (OF_THE_CONNECTION.test(lower)) say('belongs to the connection, not to the job: leave it out');
      else if (seen.has(lower)) say('is there twice: names of headers differ by more than case');
      seen.add(lower);
    }
  });

function urlFault(text: string): string | undefined {
  if (/\s/.test(text)) return 'a url holds no spaces or line ends: write %20';
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'is no url: write one such as https://example.org/hook';
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'a url of http or https is needed';
  if (url.username !== '' || url.password !== '') {
    return 'is shown to all who may read the job, so it takes no user and password: send them as a header, {"Authorization": {"secret": true, "value": "Basic …"}}';
  }
  return undefined;
}

const url = text(8192).superRefine((given, ctx) => {
  const fault = urlFault(given);
  if (fault !== undefined) ctx.addIssue({ code: 'custom', message: fault });
});

const statuses = codeOrRange(100, 599, '2xx');

const PEM = '-----BEGIN CERTIFICATE-----';
const tls = z.strictObject({
  verify: z
    .boolean()
    .default(true)
    .meta({ description: 'false takes any certificate: whoever is in between can read and answer' }),
  ca: text(32 * 1024)
    .includes(PEM, { error: `must be certificates as PEM text: ${PEM} …` })
    .refine((pem) => !pem.includes('PRIVATE KEY'), {
      error: 'holds a private key, which all who may read the job would see: give the certificate only',
    })
    .optional()
    .meta({ description: "Authorities to trust instead of the worker's (PEM)" }),
});

export const httpTask = z
  .strictObject({
    kind: z.literal('http'),
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET'),
    url: url.meta({ examples: ['https://example.org/hook'] }),
    headers: headers.optional().meta({ examples: [{ Authorization: { secret: true, value: 'Bearer …' } }] }),
    body: z
      .json()
      .optional()
      .meta({ description: 'A text is sent as it is; anything else as JSON, with its content-type' }),
    expect: z
      .union([z.array(statuses).min(1).max(32), statuses])
      .default(['200-299'])
      .meta({
        description: 'Statuses that are a success: codes and ranges',
        examples: [[200, '300-399', '4xx']],
      }),
    redirects: z
      .int()
      .min(0)
      .max(20)
      .default(5)
      .meta({ description: "Redirects followed; another origin does not get the job's headers" }),
    tls: tls.prefault({}),
    timeout: durationText({ min: '10ms', max: '1d' }).optional().meta({
      description:
        "For the whole answer, redirects included; by default the job's timeout, and 5m when it has none",
    }),
  })
  .superRefine((given, ctx) => {
    if (given.body !== undefined && !takesBody(given.method)) {
      ctx.addIssue({
        code: 'custom',
        path: ['body'],
        message: `a ${given.method} request has no body: write "method": "POST", or leave the body out`,
      });
    }
  });

export type HttpTask = z.output<typeof httpTask>;

export const takesBody = (method: HttpTask['method']): boolean => method !== 'GET' && method !== 'HEAD';
