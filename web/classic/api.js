// Calls of the API. A token, when one is needed, is asked for once and kept for this tab only.
const KEY = 'etcron-token';

function headers(withBody) {
  const token = sessionStorage.getItem(KEY);
  return {
    ...(withBody ? { 'content-type': 'application/json' } : {}),
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
}

async function call(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: headers(body !== undefined),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (answer.status === 401) {
    const token = prompt('This master asks for a token:');
    if (token) {
      sessionStorage.setItem(KEY, token.trim());
      return call(method, path, body);
    }
  }
  if (!answer.ok) throw new Error(await whyNot(answer));
  return answer;
}

async function whyNot(answer) {
  try {
    const problem = await answer.json();
    const fields = (problem.errors ?? []).map(({ path, message }) =>
      path ? `${path}: ${message}` : message,
    );
    return fields.length > 0
      ? `${problem.title}\n${fields.join('\n')}`
      : `${problem.title}: ${problem.detail}`;
  } catch {
    return `The master answered with status ${answer.status}`;
  }
}

export const get = async (path) => (await call('GET', `../api/v1${path}`)).json();
export const text = async (path) => (await call('GET', `../api/v1${path}`)).text();
export const post = async (path, body) => (await call('POST', `../api/v1${path}`, body)).json();
export const remove = async (path) => (await call('DELETE', `../api/v1${path}`)).json();
