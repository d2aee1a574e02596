import { CliError } from '../command.js';
import { one } from '../flags/flags.js';
import { text } from '../flags/values.js';
import { runningGateways, type RunningGateway } from './file.js';

/** A flag of every command that talks to a running gateway. */
export const PORT_FLAG = one(text('<number>'), 'which gateway, when several run');

/** The gateway that is meant. Rejects with a {@link CliError} that says what to do when that is not clear. */
export function findGateway(port: string | undefined): RunningGateway {
  const running = runningGateways();
  const [first] = running;
  if (first === undefined) {
    throw new CliError('no gateway is running in this project; start one: yc-broadcast dev handler.ts');
  }
  const ports = running.map((gateway) => gateway.port).join(', ');
  if (port === undefined) {
    if (running.length === 1) return first;
    throw new CliError(`several gateways are running; choose one with --port: ${ports}`);
  }
  const found = running.find((gateway) => String(gateway.port) === port);
  if (found === undefined) throw new CliError(`no gateway is running at port ${port}; there is ${ports}`);
  return found;
}
