/** Whether there is a process with this id on this machine. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (reason) {
    // Somebody else's process is one, too.
    return reason instanceof Error && Reflect.get(reason, 'code') === 'EPERM';
  }
}
