/** What a hostile page does, in the browser. `weapons`: paths to read, orders to post, and a signature for them. */

/** Resolves with `refused`, or with what it got. */
globalThis.attackFromAfar = async function ({ gateway, paths, orders, signature }) {
  const tried = [];
  const embed = (element, url) =>
    new Promise((resolve) => {
      element.onload = () => {
        resolve(`loaded ${url}`);
      };
      element.onerror = () => {
        resolve('refused');
      };
      element.src = url;
      document.head.append(element);
    });
  const read = (url, options) =>
    fetch(url, options).then(
      async (response) => ((await response.text()) === '' ? 'refused' : `read ${url}`),
      () => 'refused',
    );
  const connect = (url) =>
    new Promise((resolve) => {
      const socket = new WebSocket(url);
      socket.onopen = () => {
        resolve(`connected ${url}`);
      };
      socket.onerror = () => {
        resolve('refused');
      };
    });
  for (const path of paths) {
    tried.push(embed(document.createElement('img'), gateway + path));
    tried.push(embed(document.createElement('script'), gateway + path));
    tried.push(read(gateway + path, {}), read(gateway + path, { mode: 'no-cors' }));
    tried.push(read(gateway + path, { credentials: 'include', headers: { 'X-Yc-Broadcast-Token': 'x' } }));
    if (path.startsWith('/_') || path === '/nowhere')
      tried.push(connect(gateway.replace('http', 'ws') + path));
    const frame = document.createElement('iframe');
    frame.src = gateway + path;
    document.body.append(frame);
  }
  for (const [path, body] of orders) {
    tried.push(read(gateway + path, { method: 'POST', body, mode: 'no-cors' }));
    tried.push(read(gateway + path, { method: 'POST', body, headers: { authorization: signature } }));
    navigator.sendBeacon(gateway + path, body);
    navigator.sendBeacon(gateway + path, new Blob([body], { type: 'application/x-www-form-urlencoded' }));
    const form = document.createElement('form');
    const frame = document.createElement('iframe');
    frame.name = `to ${path}`;
    form.target = frame.name;
    form.method = 'POST';
    form.enctype = 'text/plain';
    form.action = gateway + path;
    const input = document.createElement('input');
    input.name = body;
    form.append(input);
    document.body.append(frame, form);
    form.submit();
  }
  const results = await Promise.all(tried);
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (const frame of document.querySelectorAll('iframe')) {
    // The document of another site is `null`.
    if (frame.contentDocument !== null && frame.contentDocument.body.textContent !== '')
      results.push(`framed ${frame.src}`);
  }
  if ('secret' in globalThis) results.push('ran secret.js');
  return [...new Set(results)];
};

/** For a page for which the gateway is its own site. */
globalThis.attackAsSameOrigin = async function ({ paths, orders, signature }) {
  const read = async (path, options) => {
    const status = await fetch(path, options).then(
      (response) => response.status,
      (reason) => String(reason),
    );
    return status === 403 ? 'refused' : `${status} of ${path}`;
  };
  const headers = { authorization: signature, 'x-amz-target': 'DynamoDB.PutItem' };
  const socket = new Promise((resolve) => {
    const opened = new WebSocket(`ws://${location.host}/ws`);
    opened.onopen = () => {
      resolve('connected');
    };
    opened.onerror = () => {
      resolve('refused');
    };
  });
  const results = await Promise.all([
    ...paths.map((path) => read(path, {})),
    ...orders.map(([path, body]) => read(path, { method: 'POST', body, headers })),
    socket,
  ]);
  return [...new Set(results)];
};
