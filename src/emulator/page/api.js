/** The gateway's control API. The token came in the fragment of the address, which browsers send to nobody. */
const KEY = 'yc-broadcast.token';

const given = new URLSearchParams(location.hash.slice(1)).get('t');
const token = given ?? remembered();
if (given !== null) {
  remember(given);
  history.replaceState(null, '', location.pathname);
}

/** Where storage is switched off, the page works until it is loaded again without the token. */
function remembered() {
  try {
    return sessionStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}

function remember(value) {
  try {
    sessionStorage.setItem(KEY, value);
  } catch {
    // See remembered().
  }
}

/** Asks the API. Rejects with an error whose message can be shown; `status` is 0 when the gateway is not there. */
export async function ask(method, path, body) {
  const headers = { 'X-Yc-Broadcast-Token': token };
  let response;
  try {
    response = await fetch(`api/${path}`, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw Object.assign(new Error('the gateway does not answer; has it been stopped?'), { status: 0 });
  }
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error), { status: response.status });
  return answer;
}

export const read = (path, query = {}) => ask('GET', `${path}?${new URLSearchParams(query)}`);
