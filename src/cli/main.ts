#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { toFailure, usageError, type CommandEntry } from './command.js';

const COMMANDS: readonly CommandEntry[] = [
  {
    usage: 'dev <entry>',
    summary: 'run a handler behind a local API Gateway',
    load: async () => (await import('./dev/dev.js')).dev,
  },
  {
    usage: 'doctor',
    summary: 'check whether it works, here or in the cloud',
    load: async () => (await import('./doctor/doctor.js')).doctor,
  },
  {
    usage: 'ls',
    summary: 'list the connections of a running gateway',
    load: async () => (await import('./gateway/ls.js')).ls,
  },
  {
    usage: 'send <target> <data>',
    summary: 'send to connections, or as a client',
    load: async () => (await import('./gateway/send.js')).send,
  },
  {
    usage: 'kick <target>',
    summary: 'close connections',
    load: async () => (await import('./gateway/kick.js')).kick,
  },
  {
    usage: 'invoke <event>',
    summary: 'call a function without a socket',
    load: async () => (await import('./gateway/invoke.js')).invoke,
  },
  {
    usage: 'fault set|preset|ls|clear',
    summary: 'inject faults',
    load: async () => (await import('./gateway/fault.js')).fault,
  },
  {
    usage: 'tail',
    summary: 'follow the events of a running gateway',
    load: async () => (await import('./gateway/tail.js')).tail,
  },
  {
    usage: 'broadcast <entry> <audience>',
    summary: 'send one message, show the report',
    load: async () => (await import('./broadcast/broadcast.js')).broadcast,
  },
  {
    usage: 'bundle <entry>',
    summary: 'build the bundle to deploy',
    load: async () => (await import('./deploy/bundle.js')).bundle,
  },
  {
    usage: 'spec',
    summary: "print the gateway's specification",
    load: async () => (await import('./deploy/spec.js')).spec,
  },
  {
    usage: 'conformance <part>',
    summary: 'ask what the local gateway assumes',
    load: async () => (await import('./conformance/conformance.js')).conformance,
  },
  {
    usage: 'hash <id>...',
    summary: 'print the short form of ids in logs and spans',
    load: async () => (await import('./gateway/hash.js')).hash,
  },
  {
    usage: 'store create',
    summary: 'create the tables that a store needs',
    load: async () => (await import('./deploy/store.js')).store,
  },
];

function help(): string {
  const width = Math.max(...COMMANDS.map(({ usage }) => usage.length));
  const lines = COMMANDS.map(({ usage, summary }) => `  ${usage.padEnd(width)}  ${summary}`);
  return `yc-broadcast ${version()}: realtime backends on Yandex Cloud Functions

${lines.join('\n')}

  yc-broadcast <command> --help   options and examples
  yc-broadcast --version
`;
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(manifest) as { version: unknown }).version);
}

async function main([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help());
    return 0;
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  const entry = COMMANDS.find(({ usage }) => usage.split(' ')[0] === name);
  if (entry === undefined) throw usageError(`there is no command '${name}'; see yc-broadcast --help`);
  const command = await entry.load();
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(command.help);
    return 0;
  }
  return command.run(rest);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (reason) {
  const { message, exitCode } = toFailure(reason);
  process.stderr.write(`yc-broadcast: ${message}\n`);
  process.exitCode = exitCode;
}
