// Whether an answer sends a request elsewhere, and what is asked there. Pure. What a job says is meant for
// the origin that it names: its headers and its body go to no other.
import type { HttpRequest } from './http-request.ts';

export type Redirect =
  | { readonly to: HttpRequest; readonly isElsewhere: boolean }
  /** A redirect that is not followed, and why. */
  | { readonly refused: string };

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** undefined: the answer is no redirect, or names no address. `own`: headers that may go anywhere. */
export function redirectOf(
  request: HttpRequest,
  own: Readonly<Record<string, string>>,
  status: number,
  location: string | undefined,
): Redirect | undefined {
  if (!REDIRECTS.has(status) || location === undefined) return undefined;
  const { method } = request;
  let url: URL;
  try {
    url = new URL(location, request.url);
  } catch {
    return { refused: `the answer redirects (${status}) to what is no url` };
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return { refused: `the answer redirects (${status}) to ${url.protocol}, which is not http or https` };
  url.username = '';
  url.password = '';
  const at = `${url.origin}${url.pathname}`;
  const isElsewhere = url.origin !== request.url.origin;
  const isRead = method === 'GET' || method === 'HEAD';
  // 303 says: it is done, the result is there.
  if (status === 303 && !isRead) {
    const headers = isElsewhere ? own : withoutContent(request.headers);
    return { to: { method: 'GET', url, headers, body: undefined }, isElsewhere };
  }
  if ((status === 301 || status === 302) && !isRead) {
    return {
      refused: `the answer to the ${method} redirects (${status}) to ${at}: followed, it would become a GET; write the new address as task.url`,
    };
  }
  if (isElsewhere && request.body !== undefined) {
    return {
      refused: `the answer to the ${method} redirects (${status}) to another origin, ${at}, which does not get the job's body: write the new address as task.url`,
    };
  }
  return { to: { ...request, url, headers: isElsewhere ? own : request.headers }, isElsewhere };
}

const withoutContent = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.toLowerCase().startsWith('content-')));
