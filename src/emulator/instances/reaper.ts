import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * Ends the instances of a gateway that was killed with SIGKILL. Those that wait or answer see for themselves
 * that the gateway has gone; one in a loop without end does not, and would keep a core busy until somebody
 * finds it.
 */
export interface Reaper {
  /** @param pid Of a process that leads a group. */
  watch(pid: number): void;
  forget(pid: number): void;
}

/**
 * Keeps a list of groups until its input ends, as it does when the gateway does; then it ends those that are
 * left.
 */
const SCRIPT = `pids=' '
while read -r what pid; do
  case "$what$pids" in
    +*) pids="$pids$pid " ;;
    -*" $pid "*) pids="\${pids%% "$pid" *} \${pids#* "$pid" }" ;;
  esac
done
for pid in $pids; do kill -9 "-$pid"; done`;

/** A shell is small and quick to start. It is there as long as there are processes to watch. */
export function createReaper(): Reaper {
  const watched = new Set<number>();
  let shell: ChildProcess | undefined;

  function start(): ChildProcess {
    // In a group of its own: what ends the group of the gateway must not end it.
    const child = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    // Without it a killed gateway leaves loops behind, and nothing else changes.
    child.on('error', () => undefined);
    child.stdin.on('error', () => undefined);
    child.unref();
    if (child.stdin instanceof Socket) child.stdin.unref();
    return child;
  }

  return {
    watch(pid) {
      // There are no process groups.
      if (process.platform === 'win32') return;
      watched.add(pid);
      shell ??= start();
      shell.stdin?.write(`+ ${pid}\n`);
    },
    forget(pid) {
      if (!watched.delete(pid)) return;
      shell?.stdin?.write(`- ${pid}\n`);
      if (watched.size > 0) return;
      shell?.stdin?.end();
      shell = undefined;
    },
  };
}
