// Taking a command line apart.

const SWITCHES = ['serverless', 'sls-enable-throttling-rcu'];

/** The words before the first flag, and the flags, each with all its values. */
export function parse(args) {
  const first = args.findIndex((arg) => arg.startsWith('-'));
  const words = first === -1 ? args : args.slice(0, first);
  const flags = {};
  for (let at = words.length; at < args.length; at++) {
    const name = args[at].replace(/^--/, '');
    if (name === args[at]) throw new Error(`unexpected argument ${args[at]}`);
    const isSwitch = SWITCHES.includes(name);
    if (!isSwitch && at + 1 === args.length) throw new Error(`flag needs an argument: --${name}`);
    (flags[name] ??= []).push(isSwitch ? 'true' : args[++at]);
  }
  return { command: words.join(' '), flags };
}

export function only(flags, name) {
  const values = flags[name];
  if (values?.length !== 1) throw new Error(`--${name} is needed once`);
  return values[0];
}
